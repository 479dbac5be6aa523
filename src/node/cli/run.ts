import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createBroker } from '../broker/create-broker.js';
import { show } from '../net/address.js';
import { help } from './help.js';
import { parse, type Command } from './parse.js';
import { reportRefused } from './report-refused.js';
import { readSecrets } from './secrets.js';
import { UsageError } from './usage-error.js';

/** Milliseconds that a broker may take to end: to begin, if it hasn't yet, and its connections to hear the last of it. */
const LAST_MS = 2000;

const name = 'portmesh broker';

/**
 * Does what a command line says. It sets the process' exit code: 0 when it ended as it was told to, 1 where it can't listen, 2 for a
 * command that makes no sense.
 */
export async function run(args: readonly string[]): Promise<void> {
  // Whoever read what is printed has gone: no reason to end.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  try {
    const command = parse(args);
    if (command === 'help') process.stdout.write(help);
    else if (command === 'version') process.stdout.write(`${version()}\n`);
    else await serve(command);
  } catch (error) {
    const { message } = error as Error;
    const wrong = error instanceof UsageError;
    complain(wrong ? `${message}\nSee portmesh --help.` : message.replace(/^createBroker\(\): /, ''));
    process.exitCode = wrong ? 2 : 1;
  }
}

async function serve({ address, secretsFile, redactErrors }: Exclude<Command, string>): Promise<void> {
  const secrets = readSecrets(secretsFile, process.env, (text) => complain(`warning: ${text}`));
  const stop = new AbortController();
  const { signal } = stop;
  // Before it listens: even then the socket's file is to be removed.
  onEnd(() => stop.abort());
  const broker = await createBroker({ ...address, secrets, redactErrors }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  if (!broker) return;
  if (!signal.aborted) {
    broker.on('refused', reportRefused(complain));
    process.stdout.write(`${name}: listening at ${show(broker.address)}\n`);
    await once(signal, 'abort');
  }
  await broker.close();
}

/** Calls `end` when the process is told to end. What takes too long then is cut off. */
function onEnd(end: () => void): void {
  const signals = ['SIGTERM', 'SIGINT'] as const;
  const take = (): void => {
    // A second one ends the process at once.
    for (const signal of signals) process.off(signal, take);
    setTimeout(() => process.exit(), LAST_MS).unref();
    end();
  };
  for (const signal of signals) process.on(signal, take);
}

function complain(text: string): void {
  process.stderr.write(`${name}: ${text}\n`);
}

function version(): string {
  const file = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
