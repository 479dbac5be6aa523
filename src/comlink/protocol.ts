// Comlink's own messages, as far as they are looked at here: requests `{ id, type, path?, argumentList?, value? }`, and their answers
// `{ id, type: 'RAW' | 'HANDLER', name?, value }`. What is called or returned stands in wire values, of the form of an answer.

import { redacted } from '../core/errors/wire-error.js';
import { rebuild } from '../core/wire/rebuild.js';

export interface Message {
  readonly id?: unknown;
  readonly type?: unknown;
  readonly path?: unknown;
  readonly argumentList?: unknown;
  readonly name?: unknown;
  readonly value?: unknown;
}

const requests = new Set<unknown>(['GET', 'SET', 'APPLY', 'CONSTRUCT', 'ENDPOINT', 'RELEASE']);

export function isRequest({ type }: Message): boolean {
  return requests.has(type);
}

/** Arguments of a call at most: as many as platforms take, more or less. */
const MAX_ARGUMENTS = 65_536;

/** Whether a path is nothing but texts, and there are no more arguments than make sense. */
export function isSound({ path = [], argumentList = [] }: Message): boolean {
  if (!Array.isArray(path) || !Array.isArray(argumentList)) return false;
  // What is no text would become one: ['constructor'], for instance. In a sparse array, the first hole is found at once.
  return argumentList.length <= MAX_ARGUMENTS && path.findIndex((each) => typeof each !== 'string') < 0;
}

/** These lead out of an object, into the realm it lives in, or change what its properties are. */
const outward = /^(constructor|prototype|__(proto|(define|lookup)[GS]etter)__)$/;

/** The first name in a sound path that may not be followed. */
export function refusedIn({ path = [] }: Message): string | undefined {
  return (path as string[]).find((each) => outward.test(each));
}

/** What transfer handlers have made of the values in a message. */
function made(message: Message): readonly Message[] {
  const { argumentList, value } = message;
  const list = !isRequest(message) ? [message] : Array.isArray(argumentList) ? (argumentList as unknown[]) : [value];
  return list.map((each) => Object(each) as Message).filter(({ type }) => type === 'HANDLER');
}

/** Those of `ports` that stand in there. */
export function handled(message: Message, ports: ReadonlySet<object>): ReadonlySet<object> {
  const found = new Set<object>();
  rebuild(
    made(message).map(({ value }) => value),
    (each) => (ports.has(each) ? (found.add(each), each) : undefined),
  );
  return found;
}

/** What stands there in the places of Comlink's own proxies. */
export function proxied(message: Message): ReadonlySet<unknown> {
  return new Set(made(message).map(({ name, value }) => name === 'proxy' && value));
}

/** An answer that throws there, as Comlink writes it. What is in the error may have come from there too. */
export function thrown(id: unknown, error: unknown): Message {
  const value: Record<string, unknown> = {};
  for (const key of ['name', 'message', 'code', 'reason']) {
    const each = (Object(error) as Record<string, unknown>)[key];
    if (typeof each === 'string') value[key] = each;
  }
  return { id, type: 'HANDLER', name: 'throw', value: { isError: true, value } };
}

/** An answer as it is for a peer that shall not learn how this one is built: what it throws without its stack, URLs and paths. */
export function redact(data: unknown): unknown {
  const { id, name, value } = Object(data) as Message;
  const { isError, value: error } = Object(value) as { readonly isError?: unknown; readonly value?: unknown };
  if (name !== 'throw' || !isError) return data;
  const { name: kind, message } = Object(error) as Error;
  return thrown(id, { name: kind, message: redacted(message) });
}

/** A call, as its caller wrote it. */
export function describe(object: string, { type, path = [] }: Message): string {
  const what = [object, ...(path as string[])].join('.');
  return type === 'APPLY' ? `${what}()` : type === 'CONSTRUCT' ? `new ${what}()` : what;
}
