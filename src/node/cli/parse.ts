import { parseArgs } from 'node:util';
import { checkAddress, type Address } from '../net/address.js';
import { UsageError } from './usage-error.js';

/** What the command line asks for. */
export type Command =
  | 'help'
  | 'version'
  | { readonly address: Address; readonly secretsFile: string | undefined; readonly redactErrors: boolean };

const options = {
  path: { type: 'string' },
  port: { type: 'string' },
  host: { type: 'string' },
  'secrets-file': { type: 'string' },
  'redact-errors': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;

/** @throws UsageError */
export function parse(args: readonly string[]): Command {
  const { values, positionals } = read(args);
  if (values.help) return 'help';
  if (values.version) return 'version';
  const [command, ...rest] = positionals;
  if (command === undefined) throw new UsageError("say what to do: 'portmesh broker'.");
  if (command !== 'broker') throw new UsageError(`there is no command '${command}', only broker.`);
  if (rest.length > 0) throw new UsageError(`what is '${rest[0]}'? A broker takes options only.`);
  const { path, port, host, 'secrets-file': secretsFile, 'redact-errors': redactErrors = false } = values;
  if ((path === undefined) === (port === undefined)) throw new UsageError('give --path or --port.');
  if (port !== undefined && !/^\d{1,5}$/.test(port)) throw new UsageError(`--port ${port} is no number.`);
  try {
    return { address: checkAddress({ path, port: port && Number(port), host }, ''), secretsFile, redactErrors };
  } catch (error) {
    // In the words of a command line: `--port 70000: give …`
    throw new UsageError((error as Error).message.replace(/^: { (\w+)(?:: (.*?))? }: /s, optionInWords));
  }
}

function optionInWords(_: string, name: string, value = ''): string {
  return `--${name}${value && ' '}${value}: `;
}

function read(
  args: readonly string[],
): ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>> {
  const secret = args.find((arg) => /^--[\w-]*(secret|token)\b(?!s)/.test(arg));
  if (secret !== undefined) {
    const name = secret.replace(/=.*/s, '');
    throw new UsageError(
      `there is no ${name}: every user can see a command line. Give --secrets-file, or set PORTMESH_PEER_SECRET.`,
    );
  }
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    // Its first sentence: the others are of no use here.
    throw new UsageError(`${(error as Error).message.split(/\.(?:\s|$)/)[0]}.`);
  }
}
