// Comlink's own messages, as far as they are looked at here: requests `{ id, type, path?, argumentList?, value? }`, and their answers
// `{ id, type: 'RAW' | 'HANDLER', name?, value }`. What is called or returned stands in wire values, of the form of an answer.

import { redacted } from '../core/errors/wire-error.js';

export interface Message {
  id?: unknown;
  readonly type?: unknown;
  readonly path?: unknown;
  readonly argumentList?: unknown;
  readonly name?: unknown;
  readonly value?: unknown;
}

/** All but RELEASE, which is not answered here: see `Lane.release`. */
const requests: readonly unknown[] = ['GET', 'SET', 'APPLY', 'CONSTRUCT', 'ENDPOINT'];

export function isRequest({ type }: Message): boolean {
  return requests.includes(type);
}

/** Arguments of a call at most: as many as platforms take, more or less. */
const MAX_ARGUMENTS = 65_536;

/** These lead out of an object, into the realm it lives in, or change what its properties are. */
const outward = /^(constructor|prototype|__(proto|(define|lookup)[GS]etter)__)$/;

/** Stands for a path that is not of texts, and for more arguments than make sense. */
export const nonsense = '';

/** The first name in a path that may not be followed; or `nonsense`. */
export function refusedIn({ path = [], argumentList = [] }: Message): string | undefined {
  if (!Array.isArray(path) || !Array.isArray(argumentList) || argumentList.length > MAX_ARGUMENTS) return nonsense;
  // What is no text would become one: ['constructor'], for instance. In a sparse array, the first hole is found at once.
  const at = path.findIndex((each) => typeof each !== 'string' || outward.test(each));
  const name: unknown = path[at];
  return at < 0 || typeof name === 'string' ? (name as string | undefined) : nonsense;
}

/** What is called, set or returned with it. */
export function wireValues(data: unknown): Message[] {
  const message = Object(data) as Message;
  const { argumentList = [], value } = message;
  // What looks like a call may be an answer, or no call of Comlink's: nobody has looked at its arguments yet.
  const args = refusedIn(message) === nonsense ? [] : (argumentList as unknown[]);
  const values = isRequest(message) ? [value, ...args] : [message];
  return values.map((each) => Object(each) as Message);
}

/** An answer that throws there, as Comlink writes it. What is in the error may have come from there too. */
export function thrown(error: unknown, redact = false): Message {
  const value: Record<string, unknown> = {};
  for (const key of ['name', 'message', 'code', 'reason']) {
    const each = (Object(error) as Record<string, unknown>)[key];
    if (typeof each === 'string') value[key] = redact ? redacted(each) : each;
  }
  return { type: 'HANDLER', name: 'throw', value: { isError: true, value } };
}

/** An answer as it is for a peer that shall not learn how this one is built: what it throws without its stack, URLs and paths. */
export function redactThrown(data: unknown): unknown {
  const { name, value } = Object(data) as Message;
  const { isError, value: error } = Object(value) as { readonly isError?: unknown; readonly value?: unknown };
  return name === 'throw' && isError ? thrown(error, true) : data;
}

/** A call, as its caller wrote it: made a text where one is wanted, and without what it was called with. */
export class Written {
  readonly #object: string;
  readonly #type: unknown;
  readonly #path: unknown;

  constructor(object: string, { type, path = [] }: Message) {
    this.#object = object;
    this.#type = type;
    this.#path = path;
  }

  get label(): string {
    const what = [this.#object].concat(this.#path as string[]).join('.');
    return this.#type === 'APPLY' ? `${what}()` : this.#type === 'CONSTRUCT' ? `new ${what}()` : what;
  }
}
