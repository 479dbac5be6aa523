import { meshOf, type Bus } from '../core/bus/bus.js';
import { isThenable } from '../core/bus/dispatcher.js';
import type { RequestEvent } from '../core/bus/events.js';
import { UNLINKED, type Mesh } from '../core/bus/mesh.js';
import type { CallOptions, ServiceCall } from '../core/bus/request.js';
import type { Target } from '../core/bus/target.js';
import type { Peer } from '../core/directory/peer.js';
import { MeshError } from '../core/errors/mesh-error.js';
import { restore } from '../core/wire/lift.js';
import { Transfer } from '../core/wire/transfer.js';
import { settle, type Borrowed } from './borrowed.js';
import { Borrowing, type BorrowingOwner } from './borrowing.js';
import { lower } from './lower.js';
import { OwnedReferences } from './owned.js';
import { Result } from './result.js';
import { FREE, KEEP, REFERENCES } from './wire.js';

/** A call to be made. */
export interface Outgoing {
  readonly target: Target;
  readonly channel: string;
  /** The method, or the id of a function */
  readonly what: string | number;
  readonly version?: string | undefined;
  readonly options: CallOptions;
  /** The call, as its caller wrote it, for errors */
  readonly label: string;
  readonly service: ServiceCall;
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

  call(outgoing: Outgoing, args: readonly unknown[]): Result<unknown> {
    const { what, version, target, channel, options, label, service, check } = outgoing;
    const lowered = lower(args);
    let lent: { readonly owned: OwnedReferences; readonly ids: readonly number[] } | undefined;
    const giveBack = (): void => {
      lent?.ids.forEach((id) => lent?.owned.settle(Math.abs(id)));
      lent = undefined;
    };
    let head: unknown = version === undefined ? what : [what, version];
    if (lowered) {
      const { found, placeholders } = lowered;
      head = [what, version, placeholders];
      service.prepare = ([first, ...values], { id }) => {
        giveBack(); // it was sent to another one before
        const { owned } = this.#with(id);
        lent = { owned, ids: found.map((each) => owned.lend(each) * signOf(each)) };
        return [[...(first as unknown[]), lent.ids], ...values];
      };
    }
    return new Result((resolve, reject) => {
      const settled = (outcome: unknown, peer: Peer | undefined): void => {
        if (lent) giveBack();
        if (outcome instanceof Promise) return resolve(outcome);
        try {
          const value = this.#open(outcome, peer, label);
          resolve(check ? check(value) : value);
        } catch (error) {
          reject(error);
        }
      };
      const sent = [head, ...(lowered?.values ?? args)];
      this.#mesh.requests.call(target, channel, sent, options, label, service, settled);
    });
  }

  /** What a result holds. */
  #open(sealed: unknown, peer: Peer | undefined, label: string): unknown {
    if (typeof sealed !== 'object' || sealed === null) return sealed;
    const [value, placeholders, ids] = (Array.isArray(sealed) ? sealed : []) as unknown[];
    if (placeholders === undefined || !peer) return value;
    const borrowed = this.#borrow(peer, ids, label, true);
    const opened = borrowed && restore([value], placeholders, borrowed.map(valueOf));
    // One with a `then` of the peer's would be awaited, for as long as that likes.
    if (!opened || isThenable(opened[0])) throw new MeshError('PROTOCOL', `${label}: its result makes no sense.`);
    return opened[0];
  }

  // ---- being called

  /** Runs something with the arguments that arrived; returns what to answer. */
  serve(
    event: RequestEvent,
    head: unknown,
    args: readonly unknown[],
    label: string,
    run: (args: readonly unknown[]) => unknown,
  ): unknown {
    const [, , placeholders, ids] = (Array.isArray(head) ? head : []) as unknown[];
    if (placeholders === undefined) return this.#finish(event, run(args), []);
    const borrowed = this.#borrow(event.sender, ids, label, false);
    const values = borrowed && restore(args, placeholders, borrowed.map(valueOf));
    const mine = borrowed?.map(([, each]) => each) ?? [];
    try {
      if (!values) throw new MeshError('PROTOCOL', `${label}: its arguments make no sense.`);
      return this.#finish(event, run(values), mine);
    } catch (error) {
      end(mine);
      throw error;
    }
  }

  #finish(event: RequestEvent, result: unknown, borrowed: readonly Borrowed[]): unknown {
    if (!isThenable(result)) {
      const sealed = this.#seal(event, result); // it may throw, and `serve` ends them then
      end(borrowed);
      return sealed;
    }
    return Promise.resolve(result).then(
      (value) => {
        try {
          return this.#seal(event, value);
        } finally {
          end(borrowed);
        }
      },
      (error: unknown) => {
        end(borrowed);
        throw error;
      },
    );
  }

  #seal(event: RequestEvent, value: unknown): unknown {
    const bare: unknown = value instanceof Transfer ? value.value : value;
    if ((typeof bare !== 'object' && typeof bare !== 'function') || bare === null) return value;
    const lowered = lower([value]);
    const [sole] = lowered?.values ?? [value];
    const sealed = [sole instanceof Transfer ? sole.value : sole];
    if (lowered) {
      const { owned } = this.#with(event.sender.id);
      // Nobody takes it any more: it would be given for ever.
      const ids = event.signal.aborted ? [] : lowered.found.map((each) => owned.give(each) * signOf(each));
      sealed.push(lowered.placeholders, ids);
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
    const over = (label: string): MeshError =>
      new MeshError('CLOSED', `${label}: its owner does not know it any more.`);
    return {
      call: ({ id, label, over: why }, args, pin) => {
        if (why) return Promise.reject(new MeshError('CLOSED', `${label}: ${why}`));
        const service = { pin, nobody: () => over(label) };
        const outgoing = { target, channel: REFERENCES, what: id, options: forEver, label, service };
        const result = this.call(outgoing, args);
        // Whoever doesn't wait for what a callback returns is not to end for what it throws.
        result.catch(() => {});
        return result;
      },
      stream: ({ id, label, over: why }) => {
        if (why) throw new MeshError('CLOSED', `${label}: ${why}`);
        return this.#bus.to(target).stream(REFERENCES, id);
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

  #serve(event: RequestEvent, head: unknown, args: readonly unknown[]): unknown {
    const { sender } = event;
    const id: unknown = Array.isArray(head) ? head[0] : head;
    const owned = this.#peers.get(sender.id)?.owned;
    const target = typeof id === 'number' ? owned?.get(Math.abs(id)) : undefined;
    if (!owned || !target) {
      throw new MeshError(
        'CLOSED',
        'callback: it is over, as is the call that it came with. retain(callback) keeps it.',
      );
    }
    if (typeof target === 'function') return this.serve(event, head, args, 'callback', (values) => target(...values));
    owned.remove(Math.abs(id as number));
    return target;
  }

  #borrow(peer: Peer, ids: unknown, label: string, kept: boolean): (readonly [object, Borrowed])[] | undefined {
    if (!Array.isArray(ids) || !ids.every((id) => Number.isSafeInteger(id) && id !== 0)) return undefined;
    const { borrowing } = this.#with(peer.id);
    return (ids as number[]).map((id) => {
      const of = `${id > 0 ? 'callback' : 'iterable'} of ${peer.name} (${peer.id}), from ${label}`;
      return borrowing.take(id, of, kept);
    });
  }
}

const forEver: CallOptions = { timeout: Infinity, signal: undefined, wait: 0 };

function signOf(target: object): number {
  return typeof target === 'function' ? 1 : -1;
}

function valueOf([value]: readonly [object, Borrowed]): object {
  return value;
}

function end(borrowed: readonly Borrowed[]): void {
  for (const each of borrowed) {
    each.calls--;
    settle(each);
  }
}
