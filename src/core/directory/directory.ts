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
  readonly #names = new Map<string, Entry[]>();
  readonly #listening = new Map<string, Entry[]>();
  readonly #handling = new Map<string, Entry[]>();
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
    return this.#names.get(name) ?? none;
  }

  listening(channel: string): readonly Entry[] {
    return this.#listening.get(channel) ?? none;
  }

  handling(channel: string): readonly Entry[] {
    return this.#handling.get(channel) ?? none;
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
    insert(this.#names, peer.name, entry);
    return entry;
  }

  remove(id: string, reason: LeaveReason): Entry | undefined {
    const entry = this.#entries.get(id);
    if (!entry) return undefined;
    this.#entries.delete(id);
    withdraw(this.#names, entry.peer.name, entry);
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
      if (change === LISTEN || change === HANDLE) insert(index, channel, entry);
      else withdraw(index, channel, entry);
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
    for (const channel of channels.listens) insert(this.#listening, channel, entry);
    for (const channel of channels.handles) insert(this.#handling, channel, entry);
    this.#changed(entry);
    return true;
  }

  #withdraw(entry: Entry, { listens, handles }: Pick<Entry['channels'], 'listens' | 'handles'>): void {
    for (const channel of listens) withdraw(this.#listening, channel, entry);
    for (const channel of handles) withdraw(this.#handling, channel, entry);
  }
}

const none: readonly Entry[] = [];

/** Arrays are replaced, not changed: who walks one isn't disturbed by what its listeners cause. */
function insert(index: Map<string, Entry[]>, key: string, entry: Entry): void {
  const entries = index.get(key);
  index.set(key, entries ? [...entries, entry] : [entry]);
}

function withdraw(index: Map<string, Entry[]>, key: string, entry: Entry): void {
  const entries = index.get(key)?.filter((each) => each !== entry);
  if (entries && entries.length > 0) index.set(key, entries);
  else index.delete(key);
}
