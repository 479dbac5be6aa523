import { BlockList, isIP, isIPv6 } from 'node:net';
import { resolve } from 'node:path';
import { invalid, show as showValue } from '../../core/errors/mesh-error.js';

/** Where a broker listens. */
export type Address =
  | {
      /** Of a unix socket, or, on Windows, of a named pipe: `\\.\pipe\name`. */
      readonly path: string;
    }
  | {
      /** Of TCP. To listen, 0 means any that is free. */
      readonly port: number;
      /** This machine's own: `127.0.0.1`, `::1`, `localhost`. @default '127.0.0.1' */
      readonly host?: string;
    };

const HOST = '127.0.0.1';
const MAX_PORT = 65_535;
/** The bytes of `sun_path`, less the 0 at its end. A longer path would be cut off without a word. */
const MAX_PATH: Partial<Record<NodeJS.Platform, number>> = { linux: 107, android: 107, win32: 256 };
const MAX_PATH_ELSEWHERE = 103;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * Takes the address out of a call's options: the path absolute, the host filled in, nothing else.
 *
 * @param call as its caller wrote it: `createBroker()`
 * @throws MeshError `INVALID_ARGUMENT`
 */
export function checkAddress(given: unknown, call: string, platform = process.platform): Address {
  const { path, port, host } = Object(given) as { path?: unknown; port?: unknown; host?: unknown };
  if ((path === undefined) === (port === undefined)) {
    const both = path === undefined ? 'there is neither' : 'there are both';
    throw invalid(`${call}: { path | port }`, `${both}. Give the path of a socket, or a port of TCP.`);
  }
  if (path === undefined) return { port: checkPort(port, call), host: checkHost(host, call) };
  if (host !== undefined) throw invalid(`${call}: { host }`, 'a socket at a path has none. Leave it out.');
  return { path: checkPath(path, call, platform) };
}

/** How many bytes a socket's path may have. */
export function maxPath(platform = process.platform): number {
  return MAX_PATH[platform] ?? MAX_PATH_ELSEWHERE;
}

/** In a few words, for texts. */
export function show(address: Address): string {
  if ('path' in address) return address.path;
  const { host = HOST, port } = address;
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether it is the path of a named pipe of Windows. */
export function isPipe(path: string): boolean {
  return /^\\\\[.?]\\pipe\\./i.test(path);
}

function checkPort(port: unknown, call: string): number {
  if (Number.isInteger(port) && (port as number) >= 0 && (port as number) <= MAX_PORT) return port as number;
  throw invalid(`${call}: { port: ${showValue(port)} }`, `give a whole number up to ${MAX_PORT}.`);
}

function checkHost(host: unknown, call: string): string {
  // Which of the two a machine makes of it may differ from process to process.
  if (host === undefined || host === 'localhost') return HOST;
  const family = typeof host === 'string' ? isIP(host) : 0;
  if (family !== 0 && loopback.check(host as string, family === 6 ? 'ipv6' : 'ipv4')) return host as string;
  throw invalid(
    `${call}: { host: ${showValue(host)} }`,
    "only this machine's own '127.0.0.1', '::1' and 'localhost' will do: a mesh is of one machine, and what is said isn't encrypted.",
  );
}

function checkPath(path: unknown, call: string, platform: NodeJS.Platform): string {
  const where = `${call}: { path: ${showValue(path)} }`;
  if (typeof path !== 'string' || path === '' || path.includes('\0'))
    throw invalid(where, 'give the path of a socket.');
  if (isPipe(path) !== (platform === 'win32')) {
    const problem = isPipe(path)
      ? 'a named pipe is there on Windows only. Give the path of a socket.'
      : "on Windows, give a named pipe's path: \\\\.\\pipe\\name.";
    throw invalid(where, problem);
  }
  const whole = isPipe(path) ? path : resolve(path);
  const bytes = Buffer.byteLength(whole);
  if (bytes > maxPath(platform)) {
    throw invalid(
      where,
      `it is ${bytes} bytes long, and a socket's path has ${maxPath(platform)} at most. Give a shorter one.`,
    );
  }
  return whole;
}
