import { MeshError, type Peer } from 'portmesh';
import type { WindowName } from '../channels.js';
import { nameTag } from './dom.js';
import { settleWithError } from './errors.js';
import type { Entry, Log } from './log.js';
import type { Seat } from './seat.js';

export type WindowAction = 'reload' | 'navigate' | 'close' | 'crash' | 'restore';

const verbs: Record<WindowAction, string> = {
  reload: 'reload',
  navigate: 'navigate away',
  close: 'close',
  crash: 'crash',
  restore: 'bring back',
};

/** What is done to windows: main does it, asked over the mesh. */
export class Actions {
  readonly #seat: Seat;
  readonly #log: Log;

  constructor(seat: Seat, log: Log) {
    this.#seat = seat;
    this.#log = log;
  }

  toWindow(action: WindowAction, name: WindowName): void {
    const entry = this.#log.add('asked', 'asks ', nameTag('main'), ` to ${verbs[action]} `, nameTag(name));
    void this.#settle(entry, () => this.#seat.bus.to('main').request(`playground:${action}`, name));
  }

  evict(peer: Peer): void {
    const entry = this.#log.add('asked', 'asks ', nameTag('main'), ' to evict ', nameTag(peer.name));
    void this.#settle(entry, () => this.#seat.bus.to('main').request('playground:evict', peer.id));
  }

  block(ms: number): void {
    const entry = this.#log.add('asked', 'asks ', nameTag('main'), ` to block itself for ${ms / 1000} s`);
    void this.#settle(entry, () => this.#seat.bus.to('main').request('playground:block', ms));
  }

  async #settle(entry: Entry, ask: () => Promise<unknown>): Promise<void> {
    entry.open();
    try {
      await ask();
      entry.settle('done', 'done');
    } catch (error) {
      // Who leaves the mesh by its own wish gets no answer any more.
      if (MeshError.is(error, 'CLOSED')) entry.settle('stopped', error.message);
      else settleWithError(entry, error);
    }
  }
}
