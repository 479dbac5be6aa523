import { readFileSync } from 'node:fs';
import { createBroker } from '../broker/create-broker.js';
import { show } from '../net/address.js';
import { help } from './help.js';
import { parse, type Command } from './parse.js';
import { reportRefused } from './report-refused.js';
import { readSecrets } from './secrets.js';
import { UsageError } from './usage-error.js';

/** Milliseconds that connections may take to hear the last of a broker that ends. */
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
  let end: (signal: string) => void = () => {};
  const told = new Promise<string>((resolve) => (end = resolve));
  const signals = ['SIGTERM', 'SIGINT'] as const;
  // Before it listens: even then the socket's file is to be removed.
  for (const signal of signals) process.on(signal, end);
  const broker = await createBroker({ ...address, secrets, redactErrors });
  broker.on('refused', reportRefused(complain));
  process.stdout.write(`${name}: listening at ${show(broker.address)}\n`);
  await told;
  // A second one ends the process at once.
  for (const signal of signals) process.off(signal, end);
  await broker.close();
  setTimeout(() => process.exit(), LAST_MS).unref();
}

function complain(text: string): void {
  process.stderr.write(`${name}: ${text}\n`);
}

function version(): string {
  const file = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
