import type { Bus } from '../core/bus/bus.js';
import { meshOf } from '../core/bus/caller.js';
import { isThenable } from '../core/bus/dispatcher.js';
import type { ServedRequest } from '../core/bus/events.js';
import { UNLINKED, type Mesh } from '../core/bus/mesh.js';
import { discard } from '../core/bus/producer.js';
import { newRequest, type Request } from '../core/bus/request.js';
import type { Peer } from '../core/directory/peer.js';
import { MeshError } from '../core/errors/mesh-error.js';
import { REQUEST } from '../core/wire/frames.js';
import { Transfer } from '../core/wire/transfer.js';
import type { Call } from './callee.js';
import { borrow, closed, keep, UNCONNECTED, valueOf, type Borrowed } from './borrowed.js';
import { lendAll } from './lent.js';
import { lower, raise, remake, type Lowered } from './lower.js';
import { count, end, OVER, type Passed, type Room } from './passed.js';
import { Result } from './result.js';
import { after } from './schema.js';
import { REFERENCES } from './wire.js';

/** What a call is for. */
export type Run = (args: readonly unknown[], event: ServedRequest) => unknown;

/** The functions and iterables that a bus and its peers have passed to each other, and the calls that carry them. */
export interface References {
  readonly size: number;
  readonly call: Call;
  /** Runs something with the arguments that arrived; returns what to answer. */
  serve(event: ServedRequest, references: unknown, args: readonly unknown[], label: string, run: Run): unknown;
  /** What is served on a channel, and the streams that were given there, end with that error. */
  withdraw(channel: string, error: MeshError): void;
}

export function referencesOf(bus: Bus): References {
  const mesh = meshOf(bus);
  return (mesh.references ??= newReferences(bus, mesh)) as References;
}

function newReferences(bus: Bus, mesh: Mesh): References {
  let rooms: Map<string, Room> | undefined;

  const roomOf = ({ id }: Peer): Room => {
    rooms ??= begin();
    const room = rooms.get(id) ?? new Map<unknown, Passed>();
    rooms.set(id, room);
    return room;
  };

  /** With references in their places. Those of a call are added to `calls`; those of a result are kept, and end with its `signal`. */
  const receive = (
    values: readonly unknown[],
    references: unknown,
    peer: Peer,
    from: string,
    calls?: Borrowed[],
    signal?: AbortSignal,
  ): readonly unknown[] => {
    if (references === undefined) return values;
    const room = roomOf(peer);
    const raised = raise(values, references, (id) => {
      if (!id || !Number.isSafeInteger(id)) return undefined;
      const borrowed = borrow(mesh, call, room, peer, id as number, from, signal);
      if (calls) {
        calls.push(borrowed);
        count(borrowed, 1);
      } else keep(borrowed, true, true);
      return valueOf(borrowed);
    });
    // A result with a `then` of the peer's would be awaited, for as long as that likes.
    if (!raised || (!calls && isThenable(raised[0]))) {
      throw new MeshError('PROTOCOL', `${from}: what came with it makes no sense.`);
    }
    return raised;
  };

  // ---- calling

  // Of a call under way, what is captured here is a large part: so it is little.
  const call: Call = (callee, args, options) => {
    return new Result((resolve, reject) => {
      const lowered = lower(args);
      const request = newRequest(REQUEST, callee.target, callee.channel, options, (outcome) => {
        settle?.();
        if (outcome instanceof Promise) return resolve(outcome);
        try {
          const value = Array.isArray(outcome)
            ? receive([outcome[0]], outcome[1], request.link?.peer as Peer, callee.label, undefined, request.signal)[0]
            : outcome;
          resolve(callee.check ? callee.check(value) : value);
        } catch (error) {
          reject(error);
        }
      });
      request.service = callee;
      const settle = lowered && lend(request, lowered);
      mesh.requests.begin(request, [...callee.head, ...(lowered?.values ?? args)]);
    });
  };

  /** What a call brings by reference is lent to whoever gets it, until the call is over. */
  const lend = (request: Request, lowered: Lowered): (() => void) => {
    let lent: Passed[] = [];
    const settle = (): void => lent.forEach((each) => count(each, -1));
    request.prepare = ([, ...sent], peer) => {
      settle(); // it had been sent to somebody else, who gave it back
      return [lendAll(roomOf(peer), lowered, (lent = [])), ...sent];
    };
    return settle;
  };

  // ---- being called

  const serve: References['serve'] = (event, references, args, label, run) => {
    event.label = label;
    if (references === undefined) return sealed(event, run(args, event));
    const borrowed: Borrowed[] = [];
    const settle = (): void => borrowed.splice(0).forEach((each) => count(each, -1));
    // With the connection all of it ends, and says so.
    event.onAbort = (reason) => MeshError.is(reason, 'PEER_GONE') || settle();
    let answer: unknown;
    try {
      answer = sealed(event, run(receive(args, references, event.sender, label, borrowed), event));
      return answer;
    } finally {
      // What throws, and what is there at once, is answered at once.
      if (!isThenable(answer)) settle();
      else answer.then(settle, settle);
    }
  };

  const sealed = (event: ServedRequest, result: unknown): unknown => after(result, (value) => seal(event, value));

  /** What it is that is answered: an array stands for what is in it. What it holds by reference is let go, if nobody waits any more. */
  const seal = (event: ServedRequest, value: unknown): unknown => {
    const lowered = lower([value]);
    if (lowered) {
      const { sender, signal } = event;
      const link = mesh.directory.get(sender.id)?.link;
      let ids = {};
      // Its caller has it for good, until it says otherwise; where nobody takes it any more, that would be for ever.
      if (link && !signal.aborted) {
        const room = roomOf(sender);
        link.untaken ??= (id) => {
          if (typeof id !== 'number') return; // the peer says so
          for (let i = 0, each; (each = room.get(`${id}:${i}`)); i++) end(each, OVER);
        };
        ids = lendAll(room, lowered, [], event);
      } else lowered.found.forEach(discard);
      return remake(lowered.values[0], (bare) => [bare, ids]);
    }
    if (!Array.isArray(value) && !(value instanceof Transfer)) return value; // mostly
    return remake(value, (bare) => (Array.isArray(bare) ? [bare] : bare));
  };

  // ---- what peers say of references

  const begin = (): Map<string, Room> => {
    bus.handle(REFERENCES, (told, references: unknown, id: unknown, what: unknown, ...args: unknown[]) => {
      const event = told as ServedRequest;
      const lent = roomOf(event.sender).get(id);
      if (!lent) throw closed('callback', OVER);
      if (what) return count(lent, what === 1 ? 1 : -1);
      const { target } = lent;
      if (typeof target !== 'function') {
        lent.stop = undefined;
        end(lent, OVER); // it can be used once only
        event.channel = lent.channel as string;
        event.label = lent.label ?? 'iterable';
        return target;
      }
      // Behind the answer comes the end of the call that it came with, mostly, and what that leads to: one post for both.
      queueMicrotask(() => mesh.turn.hold());
      return serve(event, references, args, 'callback', (values) =>
        (target as (...args: unknown[]) => unknown)(...values),
      );
    });
    mesh.news.add(UNLINKED, (peer: string) => {
      rooms?.get(peer)?.forEach((each) => end(each, UNCONNECTED));
      rooms?.delete(peer);
    });
    return new Map();
  };

  const withdraw: References['withdraw'] = (channel, error) => {
    for (const link of mesh.links()) link.withdraw(channel, error);
    for (const room of rooms?.values() ?? []) {
      for (const lent of room.values()) {
        if (!lent.stop || lent.channel !== channel) continue;
        lent.stop();
        lent.stop = undefined;
        lent.target = {
          [Symbol.asyncIterator]() {
            throw error;
          },
        };
      }
    }
  };

  return {
    call,
    serve,
    withdraw,
    get size() {
      let size = 0;
      for (const room of rooms?.values() ?? []) size += new Set(room.values()).size;
      return size;
    },
  };
}
