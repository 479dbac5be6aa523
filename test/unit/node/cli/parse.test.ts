import { expect, it } from 'vitest';
import { parse } from '../../../../src/node/cli/parse.js';
import { UsageError } from '../../../../src/node/cli/usage-error.js';

const words = (line: string): string[] => line.split(' ').filter(Boolean);

it.each<[string, unknown]>([
  ['--help', 'help'],
  ['-h', 'help'],
  ['broker --port 1 --help', 'help'],
  ['--version', 'version'],
  ['-v', 'version'],
  ['broker --path /run/mesh', { address: { path: '/run/mesh' } }],
  ['broker --path=/run/mesh --secrets-file s', { address: { path: '/run/mesh' }, secretsFile: 's' }],
  ['broker --path /run/mesh --redact-errors', { address: { path: '/run/mesh' }, redactErrors: true }],
  ['broker --port 0', { address: { port: 0, host: '127.0.0.1' } }],
  ['--port 4000 --host ::1 broker', { address: { port: 4000, host: '::1' } }],
])('understands: %s', (line, command) => {
  expect(parse(words(line))).toEqual(
    typeof command === 'string' ? command : { redactErrors: false, ...Object(command) },
  );
});

it.each<[string, RegExp]>([
  ['', /^say what to do: 'portmesh broker'\.$/],
  ['frob', /^there is no command 'frob', only broker\.$/],
  ['broker', /^give --path or --port\.$/],
  ['broker --path /tmp/x --port 1', /^give --path or --port\.$/],
  ['broker --path /tmp/x extra', /^what is 'extra'\?/],
  ['broker --frob', /^Unknown option '--frob'\.$/],
  ['broker --path', /^Option '--path <value>' argument missing\.$/],
  ['broker --port -1', /^Option '--port' argument is ambiguous\.$/],
  ['broker --port=-1', /^--port -1 is no number\.$/],
  ['broker --port x', /^--port x is no number\.$/],
  ['broker --port 70000', /^--port 70000: give a whole number up to 65535\.$/],
  ['broker --port 1 --host 0.0.0.0', /^--host '0\.0\.0\.0': only this machine's own/],
  ['broker --path /tmp/x --host ::1', /^--host: a socket at a path has none/],
  [`broker --path /tmp/${'x'.repeat(200)}`, /^--path '.*': it is 205 bytes long/],
  ['broker --path /tmp/x --secret abc', /^there is no --secret: every user can see a command line/],
  ['broker --path /tmp/x --peer-secret=abc', /^there is no --peer-secret: every user can see a command line/],
  ['broker --path /tmp/x --token abc', /^there is no --token: every user can see a command line/],
])('names what is wrong: %s', (line, message) => {
  expect(() => parse(words(line))).toThrow(UsageError);
  expect(() => parse(words(line))).toThrow(message);
  expect(() => parse(words(line))).not.toThrow(/abc/);
});
