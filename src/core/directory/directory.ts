import type { LeaveReason } from '../errors/mesh-error.js';
import { isCount } from '../wire/frames.js';
import { Entry, HANDLE, LISTEN, UNLISTEN } from './entry.js';
import { everything } from './grant.js';
import type { Peer } from './peer.js';

/** How many peers that left are remembered, so that an error can say why. */
const MAX_REMEMBERED = 256;

/** The other peers, indexed by what a call looks them up by. */
export class Directory {
  readonly #entries = new Map<string, Entry>();
  readonly #names = new Index();
  readonly #listening = new Index();
  readonly #handling = new Index();
  readonly #left = new Map<string, { readonly reason: LeaveReason; readonly epoch: number }>();
  /** Called when a peer's channels have changed. */
  readonly #changed: (entry: Entry) => void;
  readonly #limit: number | undefined;

  /** @param limit channels a peer may listen to, and handle, at most */
  constructor(changed: (entry: Entry) => void, limit?: number) {
    this.#limit = limit;
    this.#changed = changed;
  }

  get size(): number {
    return this.#entries.size;
  }

  entries(): IterableIterator<Entry> {
    return this.#entries.values();
  }

  get(id: string): Entry | undefined {
    return this.#entries.get(id);
  }

  named(name: string): readonly Entry[] {
    return this.#names.get(name);
  }

  listening(channel: string): readonly Entry[] {
    return this.#listening.get(channel);
  }

  handling(channel: string): readonly Entry[] {
    return this.#handling.get(channel);
  }

  /** Why a peer left, if it did, not too long ago. */
  whyLeft(id: string): LeaveReason | undefined {
    return this.#left.get(id)?.reason;
  }

  add(peer: Peer, grant = everything): Entry {
    const entry = new Entry(peer, grant, this.#limit);
    // It may have been here before, and may count its links from then.
    entry.epoch = this.#left.get(peer.id)?.epoch ?? 0;
    this.#entries.set(peer.id, entry);
    this.#names.insert(peer.name, entry);
    return entry;
  }

  remove(id: string, reason: LeaveReason): Entry | undefined {
    const entry = this.#entries.get(id);
    if (!entry) return undefined;
    this.#entries.delete(id);
    this.#names.withdraw(entry.peer.name, entry);
    this.#withdraw(entry, entry.channels);
    this.#left.set(id, { reason, epoch: entry.epoch + (entry.link ? 1 : 0) });
    if (this.#left.size > MAX_REMEMBERED) this.#left.delete(this.#left.keys().next().value as string);
    return entry;
  }

  /** Applies a peer's numbered changes. False if they are malformed. */
  change(entry: Entry, first: number, changes: readonly unknown[]): boolean {
    let changed = false;
    const fits = entry.channels.apply(first, changes, (change, channel) => {
      changed = true;
      const index = change === LISTEN || change === UNLISTEN ? this.#listening : this.#handling;
      if (change === LISTEN || change === HANDLE) index.insert(channel, entry);
      else index.withdraw(channel, entry);
    });
    if (changed) this.#changed(entry);
    return fits;
  }

  /** Brings a peer's channels to a whole state, unless a later one is known. False if it is malformed. */
  state(entry: Entry, number: unknown, listens: unknown, handles: unknown): boolean {
    if (!isCount(number)) return false;
    const { channels } = entry;
    if (number <= channels.number) return true;
    const before = { listens: channels.listens, handles: channels.handles };
    if (!channels.replace(number, listens, handles)) return false;
    this.#withdraw(entry, before);
    for (const channel of channels.listens) this.#listening.insert(channel, entry);
    for (const channel of channels.handles) this.#handling.insert(channel, entry);
    this.#changed(entry);
    return true;
  }

  #withdraw(entry: Entry, { listens, handles }: Pick<Entry['channels'], 'listens' | 'handles'>): void {
    for (const channel of listens) this.#listening.withdraw(channel, entry);
    for (const channel of handles) this.#handling.withdraw(channel, entry);
  }
}

const none: readonly Entry[] = [];

/**
 * Entries by name. A list that somebody has been given is replaced, not changed: who walks one isn't disturbed by what its listeners
 * cause. One that nobody has is added to: that of a thousand who join would be copied a thousand times.
 */
class Index {
  readonly #lists = new Map<string, { entries: Entry[]; given: boolean }>();

  get(key: string): readonly Entry[] {
    const list = this.#lists.get(key);
    if (!list) return none;
    list.given = true;
    return list.entries;
  }

  insert(key: string, entry: Entry): void {
    const list = this.#lists.get(key);
    if (list && !list.given) list.entries.push(entry);
    else this.#lists.set(key, { entries: list ? [...list.entries, entry] : [entry], given: false });
  }

  withdraw(key: string, entry: Entry): void {
    const entries = this.#lists.get(key)?.entries.filter((each) => each !== entry);
    if (entries && entries.length > 0) this.#lists.set(key, { entries, given: false });
    else this.#lists.delete(key);
  }
}
