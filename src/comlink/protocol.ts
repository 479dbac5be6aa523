// Comlink's own messages, as far as they are looked at here: requests `{ id, type, path?, argumentList?, value? }`, and their answers
// `{ id, type: 'RAW' | 'HANDLER', name?, value }`. What is called or returned stands in wire values, of the form of an answer.

import type { MeshError } from '../core/errors/mesh-error.js';
import { rebuild } from '../core/wire/rebuild.js';

export interface Message {
  readonly id?: unknown;
  readonly type?: unknown;
  readonly path?: unknown;
  readonly argumentList?: unknown;
  readonly name?: unknown;
  readonly value?: unknown;
}

export const RELEASE = 'RELEASE';
export const ENDPOINT = 'ENDPOINT';
const requests = new Set<unknown>(['GET', 'SET', 'APPLY', 'CONSTRUCT', ENDPOINT, RELEASE]);

export function isRequest({ type }: Message): boolean {
  return requests.has(type);
}

/** They lead out of an object, into the realm it lives in, or change what its properties are. */
const refused = new Set<unknown>([
  'constructor',
  'prototype',
  '__proto__',
  '__defineGetter__',
  '__defineSetter__',
  '__lookupGetter__',
  '__lookupSetter__',
]);

/** Arguments of a call at most: as many as platforms take, more or less. */
const MAX_ARGUMENTS = 65_536;

/** Whether a path is nothing but texts, and there are no more arguments than make sense. */
export function isSound({ path = [], argumentList = [] }: Message): boolean {
  if (!Array.isArray(path) || !Array.isArray(argumentList)) return false;
  // What is no text would become one: ['constructor'], for instance. In a sparse array, the first hole is found at once.
  return argumentList.length <= MAX_ARGUMENTS && path.findIndex((each) => typeof each !== 'string') < 0;
}

/** The first name in a path that may not be followed. */
export function refusedIn({ path }: Message): string | undefined {
  return Array.isArray(path) ? (path as string[]).find((each) => refused.has(each)) : undefined;
}

/** The wire values in a message. */
function wires(message: Message): readonly Message[] {
  const { argumentList, value } = message;
  const list = !isRequest(message) ? [message] : Array.isArray(argumentList) ? (argumentList as unknown[]) : [value];
  return list.map((each) => Object(each) as Message).filter(({ type }) => type === 'HANDLER');
}

/** Those of `ports` that stand in what a transfer handler has made. */
export function handled(message: Message, ports: ReadonlySet<object>): ReadonlySet<object> {
  const found = new Set<object>();
  rebuild(
    wires(message).map(({ value }) => value),
    (value) => {
      if (!ports.has(value)) return undefined;
      found.add(value);
      return value;
    },
  );
  return found;
}

/** What stands where Comlink's own proxies do. */
export function proxied(message: Message): ReadonlySet<unknown> {
  return new Set(wires(message).flatMap(({ name, value }) => (name === 'proxy' ? [value] : [])));
}

/** An answer that throws there, as Comlink writes it; over a port, an error is no more than that. */
export function thrown(id: unknown, error: Error & Partial<Pick<MeshError, 'code' | 'reason'>>): Message {
  const { name, message, code, reason } = error;
  const value = { name, message, ...(code && { code }), ...(reason && { reason }) };
  return { id, type: 'HANDLER', name: 'throw', value: { isError: true, value } };
}

/** A call, as its caller wrote it. */
export function describe(object: string, { type, path }: Message): string {
  const what = [object, ...((path as readonly string[] | undefined) ?? [])].join('.');
  switch (type) {
    case 'APPLY':
      return `${what}()`;
    case 'CONSTRUCT':
      return `new ${what}()`;
    case 'SET':
      return `${what} = …`;
    case ENDPOINT:
      return `${what}[createEndpoint]()`;
    default:
      return what;
  }
}
