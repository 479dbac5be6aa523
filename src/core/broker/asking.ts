// How a peer without a way of its own to the broker joins through who owns it: a frame or worker without a preload through
// the page that shares it, a utility process through main, a worker_threads worker through the process that hosts it.
//
//  1. The child posts `[ASK, nonce, name, version, vouch, document]` to its owner by the platform's own way, again and again until it
//     is answered: the owner may begin to share it later. `nonce` names this one call of connect(), `document` tells the
//     documents of a frame apart. `vouch`, a `Vouch`, is given by a utility process that asks for a worker it hosts.
//  2. The owner answers asks of the very target it shares only, each once, with `[ANSWER, nonce]`.
//  3. A frame or worker of a page then sends the same ask again with one end of a channel: what a document has made goes with it. An
//     end that the owner made would be left to nobody, should the frame navigate meanwhile, or to the next document in it.
//     Of a frame the browser says what origin the ask has come from; the owner takes those of the origin it has named only.
//     To the others the answer itself brings an end: a utility process can't send ports to main.
//  4. The other end goes to the broker, with what the owner vouches for. The broker's answer comes on that port; see control.ts.
//
// The port of an answer travels beside the message, everywhere: Node's own ports have it in `event.ports` too, though not with
// `on('message')`. A `worker_threads` worker's seat and links are relayed by its host; see relay.ts and channel-asker.ts.

import { grantProblem, type Grant } from '../directory/grant.js';
import { isPeerName } from '../wire/frames.js';

export const ASK = 'portmesh:ask';
export const ANSWER = 'portmesh:answer';

/** Milliseconds between the first two asks, and the most between two. */
export const FIRST_ASK_MS = 50;
export const LAST_ASK_MS = 1000;

/** What an owner says of the child that it lets in. The grant is never more than its own. */
export interface Vouch {
  readonly type: 'frame' | 'worker';
  /** The child's origin, as the browser enforced it; of a worker `''`, which stands for its owner's. */
  readonly origin: string;
  readonly grant: Grant;
  /** Names the call of share() that it comes through, in the owner's document or process. */
  readonly share: string;
  /** That of the ask. A frame has one document at a time: one that joins ends the seats of the one before. */
  readonly document: number;
}

/** An ask that has arrived. */
export interface Ask {
  readonly nonce: string;
  readonly name: string | undefined;
  readonly version: number;
  readonly vouch: Vouch | undefined;
  readonly document: number;
}

/** @param document 0: of a worker, which has but one life */
export function writeAsk(
  nonce: string,
  name: string | undefined,
  version: number,
  vouch?: Vouch,
  document = 0,
): unknown[] {
  return [ASK, nonce, name, version, vouch, document];
}

/** `undefined` if it is none, or makes no sense. */
export function readAsk(data: unknown): Ask | undefined {
  if (!Array.isArray(data) || data[0] !== ASK) return undefined;
  const [, nonce, name, version, vouch, document] = data as unknown[];
  const named = name === undefined || name === null || isPeerName(name);
  if (!isNonce(nonce) || !named || typeof version !== 'number' || typeof document !== 'number') return undefined;
  if (vouch !== undefined && vouch !== null && !isVouch(vouch)) return undefined;
  return { nonce, name: name ?? undefined, version, vouch: vouch ?? undefined, document } as Ask;
}

export function isAnswer(data: unknown, nonce: string): boolean {
  return Array.isArray(data) && data[0] === ANSWER && data[1] === nonce;
}

export function isNonce(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 16 && value.length <= 64;
}

export function isVouch(value: unknown): value is Vouch {
  if (typeof value !== 'object' || value === null) return false;
  const { type, origin, grant, share, document } = value as Partial<Record<keyof Vouch, unknown>>;
  return (
    (type === 'frame' || type === 'worker') &&
    typeof origin === 'string' &&
    origin.length <= 2048 &&
    isNonce(share) &&
    typeof document === 'number' &&
    grantProblem(grant) === undefined
  );
}
