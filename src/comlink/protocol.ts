// Comlink's own messages: requests `{ id, type, path?, argumentList?, value? }`, and their answers `{ id, type: 'RAW' | 'HANDLER',
// name?, value }`. What is called, set or returned stands in wire values, of the form of an answer. How they stand on a line, see
// line.ts.

import { redacted, redactedThrown } from '../core/errors/wire-error.js';
import { isCount } from '../core/wire/frames.js';

export interface Message {
  id?: unknown;
  readonly type?: unknown;
  readonly path?: unknown;
  readonly argumentList?: unknown;
  readonly name?: unknown;
  value?: unknown;
}

/** Stands for the name of a wire value's handler where there is none. */
const RAW = 0;

/** All but RELEASE, whose answer nobody waits for. */
const requests: readonly unknown[] = ['GET', 'SET', 'APPLY', 'CONSTRUCT', 'ENDPOINT'];

export function isRequest(type: unknown): boolean {
  return requests.includes(type);
}

/** The type of what may well be Comlink's, whose ids are texts: somebody else's messages may have types like these. */
export function comlinkType(data: unknown): unknown {
  const { id, type } = Object(data) as Message;
  return typeof id === 'string' && id !== '' && type;
}

// ---- on a line

/** What calls something on a lane, for `readRequest` there. */
export function writeRequest(lane: number, places: unknown, message: Message): unknown[] {
  const path = (message.path ?? []) as unknown[];
  const args = [lane, places, message.type, path.length, ...path];
  for (const { name = RAW, value } of wireValues(message)) args.push(name, value);
  return args;
}

/** `undefined` if it makes no sense. Nobody has looked at the path yet. */
export function readRequest(args: readonly unknown[], id: number): Message | undefined {
  const type = args[3];
  const length = args[4];
  if (!isRequest(type) || !isCount(length)) return undefined;
  const argumentList: Message[] = [];
  let at = 5 + length;
  const path = args.slice(5, at);
  for (; at < args.length; at += 2) {
    // In a sparse array, the first hole is found at once.
    if (args[at] === undefined) return undefined;
    argumentList.push(wireValue(args[at], args[at + 1]));
  }
  return type === 'SET' ? { id, type, path, value: argumentList[0] } : { id, type, path, argumentList };
}

/** What answers it, for `readAnswer` there: most are a value that is no list. */
export function writeAnswer(places: unknown, { name = RAW, value }: Message): unknown {
  return places === 0 && name === RAW && !Array.isArray(value) ? value : [places, name, value];
}

export function readAnswer(answer: unknown): readonly [places: unknown, Message] {
  const [places, name, value] = Array.isArray(answer) ? (answer as unknown[]) : [0, RAW, answer];
  return [places, wireValue(name, value)];
}

function wireValue(name: unknown, value: unknown): Message {
  return { type: name === RAW ? 'RAW' : 'HANDLER', name, value };
}

/** What is called, set or returned with a message that Comlink wrote, or that was read here. */
export function wireValues(message: Message): readonly Message[] {
  if (!isRequest(message.type)) return [message];
  return (message.type === 'SET' ? [message.value] : (message.argumentList ?? [])) as Message[];
}

// ---- what is refused

/** These lead out of an object, into the realm it lives in, or change what its properties are. */
const outward = /^(constructor|prototype|__(proto|(define|lookup)[GS]etter)__)$/;

/** Whether nobody may follow a name. What is an object would become a text: ['constructor'], for instance. */
export function leadsOut(name: unknown): boolean {
  return name === undefined || Object(name) === name || outward.test(name as string);
}

/** So many places may be empty in a list that is walked. */
const MAX_HOLES = 1000;

/**
 * The path that Comlink would follow, should it be behind the port that gets a message; `undefined`: it would not get so far, for the
 * platform's sake.
 */
export function pathFor(data: unknown): readonly unknown[] | undefined {
  // It takes a copy by assigning: then a `__proto__` of its own is one.
  const { type, path, argumentList, __proto__: inherited } = Object(data) as Message & { __proto__?: Message | null };
  // It walks them before it looks at the type. A sparse array is a few bytes on the wire.
  if ([path, argumentList].some((each) => Array.isArray(each) && each.length > MAX_HOLES && each.includes(undefined))) {
    return undefined;
  }
  return isRequest(type ?? inherited?.type) && Array.isArray(path) ? path : [];
}

// ---- what is thrown

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
  const { id, name, value } = Object(data) as Message;
  const { isError, value: error } = Object(value) as { readonly isError?: unknown; readonly value?: unknown };
  if (name !== 'throw') return data;
  if (isError) return { id, ...thrown(error, true) };
  return isError === false ? { ...(data as Message), value: { isError, value: redactedThrown(error) } } : data;
}
