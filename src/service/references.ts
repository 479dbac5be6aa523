import type { Bus } from '../core/bus/bus.js';
import { meshOf } from '../core/bus/caller.js';
import { isThenable } from '../core/bus/dispatcher.js';
import type { RequestEvent } from '../core/bus/events.js';
import { UNLINKED, type Mesh } from '../core/bus/mesh.js';
import { newRequest, type CallOptions, type ServiceCall } from '../core/bus/request.js';
import type { Target } from '../core/bus/target.js';
import type { Peer } from '../core/directory/peer.js';
import { MeshError } from '../core/errors/mesh-error.js';
import { REQUEST } from '../core/wire/frames.js';
import { Transfer } from '../core/wire/transfer.js';
import { describe, settle, type Borrowed } from './borrowed.js';
import { Borrowing, type BorrowingOwner } from './borrowing.js';
import { Lending, told } from './lending.js';
import { lower, place } from './lower.js';
import { OwnedReferences } from './owned.js';
import { Result } from './result.js';
import { FREE, KEEP, REFERENCES } from './wire.js';

/** What is called, and how. */
export interface Callee {
  readonly target: Target;
  readonly channel: string;
  /** See wire.ts */
  readonly head: string | number;
  /** The call, as its caller wrote it, for errors */
  readonly label: string;
  /** Of the result; may throw */
  readonly check?: ((value: unknown) => unknown) | undefined;
}

/** What one peer and this side have of each other. */
interface Shared {
  readonly owned: OwnedReferences;
  readonly borrowing: Borrowing;
}

const all = new WeakMap<Mesh, References>();

/** The functions and iterables that a bus and its peers have passed to each other, and the calls that carry them. */
export class References {
  readonly #bus: Bus;
  readonly #mesh: Mesh;
  readonly #peers = new Map<string, Shared>();

  static of(bus: Bus): References {
    const mesh = meshOf(bus);
    let references = all.get(mesh);
    if (!references) all.set(mesh, (references = new References(bus, mesh)));
    return references;
  }

  private constructor(bus: Bus, mesh: Mesh) {
    this.#bus = bus;
    this.#mesh = mesh;
  }

  get size(): number {
    let size = 0;
    for (const { owned, borrowing } of this.#peers.values()) size += owned.size + borrowing.size;
    return size;
  }

  // ---- calling

  call(callee: Callee, args: readonly unknown[], options: CallOptions, service: ServiceCall): Result<unknown> {
    const { label, target, channel, head } = callee;
    const lowered = lower(args);
    const lending = lowered && new Lending((peer) => this.#with(peer).owned, lowered, service);
    const sent = [lowered ? [head, []] : head, ...(lowered?.values ?? args)];
    return new Result((resolve, reject) => {
      const request = newRequest(REQUEST, target, channel, options, (outcome) => {
        lending?.end();
        if (outcome instanceof Promise) return resolve(outcome);
        try {
          resolve(this.#open(outcome, request.link?.peer, callee));
        } catch (error) {
          reject(error);
        }
      });
      request.label = label;
      request.service = lending ?? service;
      this.#mesh.requests.begin(request, sent);
    });
  }

  /** What a result holds. */
  #open(sealed: unknown, peer: Peer | undefined, { label, check }: Callee): unknown {
    let value = sealed;
    if (Array.isArray(sealed)) {
      const values = [sealed[0] as unknown];
      // One with a `then` of the peer's would be awaited, for as long as that likes.
      if (sealed.length > 1 && (!peer || !this.#place(values, sealed[1], peer, label, true) || isThenable(values[0]))) {
        throw new MeshError('PROTOCOL', `${label}: its result makes no sense.`);
      }
      [value] = values;
    }
    return check ? check(value) : value;
  }

  // ---- being called

  /** Runs something with the arguments that arrived; returns what to answer. */
  serve(
    event: RequestEvent,
    head: unknown,
    args: unknown[],
    label: string,
    run: (args: unknown[]) => unknown,
  ): unknown {
    if (!Array.isArray(head)) return this.#finish(event, run(args), undefined);
    const borrowed = this.#place(args, head[1], event.sender, label, false);
    if (!borrowed) throw new MeshError('PROTOCOL', `${label}: its arguments make no sense.`);
    try {
      return this.#finish(event, run(args), borrowed);
    } catch (error) {
      end(borrowed);
      throw error;
    }
  }

  #finish(event: RequestEvent, result: unknown, borrowed: readonly Borrowed[] | undefined): unknown {
    if (!isThenable(result)) {
      const sealed = this.#seal(event, result); // it may throw, and `serve` ends them then
      if (borrowed) end(borrowed);
      return sealed;
    }
    return Promise.resolve(result).then(
      (value) => {
        try {
          return this.#seal(event, value);
        } finally {
          if (borrowed) end(borrowed);
        }
      },
      (error: unknown) => {
        if (borrowed) end(borrowed);
        throw error;
      },
    );
  }

  /** What it is that is answered: an array stands for what is in it. */
  #seal(event: RequestEvent, value: unknown): unknown {
    const lowered = lower([value]);
    if (!lowered && !Array.isArray(value instanceof Transfer ? value.value : value)) return value;
    const [sole] = lowered?.values ?? [value];
    const sealed: unknown[] = [sole instanceof Transfer ? sole.value : sole];
    if (lowered) {
      const { owned } = this.#with(event.sender.id);
      // Nobody takes it any more: it would be given for ever.
      sealed.push(event.signal.aborted ? [] : told(lowered, (each) => owned.give(each)));
    }
    return sole instanceof Transfer ? new Transfer(sealed, sole.list) : sealed;
  }

  // ---- what peers say of references

  #with(peer: string): Shared {
    if (this.#mesh.references !== this) this.#begin();
    let shared = this.#peers.get(peer);
    if (!shared) {
      shared = { owned: new OwnedReferences(), borrowing: new Borrowing(this.#toward({ id: peer })) };
      this.#peers.set(peer, shared);
    }
    return shared;
  }

  #toward(target: { readonly id: string }): BorrowingOwner {
    const over = (borrowed: Borrowed): MeshError =>
      new MeshError('CLOSED', `${describe(borrowed)}: ${borrowed.over ?? 'its owner does not know it any more.'}`);
    return {
      call: (borrowed, args, pin) => {
        if (borrowed.over) return Promise.reject(over(borrowed));
        const callee = { target, channel: REFERENCES, head: borrowed.id, label: describe(borrowed) };
        const result = this.call(callee, args, forEver, { pin, nobody: () => over(borrowed) });
        // Whoever doesn't wait for what a callback returns is not to end for what it throws.
        result.catch(() => {});
        return result;
      },
      stream: (borrowed) => {
        if (borrowed.over) throw over(borrowed);
        return this.#bus.to(target).stream(REFERENCES, borrowed.id);
      },
      tell: ({ id, kept }) => {
        try {
          this.#bus.to(target).send(REFERENCES, kept ? KEEP : FREE, Math.abs(id));
        } catch {
          // It is gone, and what it had with it.
        }
      },
    };
  }

  #begin(): void {
    this.#mesh.references = this;
    this.#bus.handle(REFERENCES, (event: RequestEvent, head: unknown, ...args: unknown[]) =>
      this.#serve(event, head, args),
    );
    this.#bus.on(REFERENCES, ({ sender }, what: unknown, id: unknown) => {
      if (what === KEEP || what === FREE) this.#peers.get(sender.id)?.owned.keep(id, what === KEEP);
    });
    this.#mesh.news.add(UNLINKED, (peer: string) => {
      this.#peers.get(peer)?.borrowing.end('the connection to its owner has ended.');
      this.#peers.delete(peer);
    });
  }

  #serve(event: RequestEvent, head: unknown, args: unknown[]): unknown {
    const id: unknown = Array.isArray(head) ? head[0] : head;
    const owned = this.#peers.get(event.sender.id)?.owned;
    const target = typeof id === 'number' ? owned?.get(Math.abs(id)) : undefined;
    if (typeof target === 'function') {
      // Behind the answer comes the end of the call that it came with, mostly, and what that leads to: one post for both.
      void settled.then(() => this.#mesh.turn.hold());
      return this.serve(event, head, args, 'callback', (values) => target(...values));
    }
    if (!target) {
      throw new MeshError('CLOSED', 'callback: it is over, as is the call it came with. retain(callback) keeps it.');
    }
    owned?.remove(Math.abs(id as number));
    return target;
  }

  /** Puts references into the places of what arrived; `undefined` if that makes no sense. */
  #place(values: unknown[], refs: unknown, peer: Peer, from: string, kept: boolean): Borrowed[] | undefined {
    if (!Array.isArray(refs)) return undefined;
    const borrowed: Borrowed[] = [];
    for (let i = 0; i < refs.length; i += 2) {
      const id: unknown = refs[i];
      const fits = Number.isSafeInteger(id) && id !== 0;
      const [value, taken] = fits ? this.#with(peer.id).borrowing.take(id as number, peer, from, kept) : [];
      if (taken) borrowed.push(taken);
      if (value && place(values, refs[i + 1], value)) continue;
      if (!kept) end(borrowed);
      return undefined;
    }
    return borrowed;
  }
}

const settled = Promise.resolve();

const forEver: CallOptions = { timeout: Infinity, signal: undefined, wait: 0 };

function end(borrowed: readonly Borrowed[]): void {
  for (const each of borrowed) {
    each.calls--;
    settle(each);
  }
}
