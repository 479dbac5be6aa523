import type { Mesh } from '../core/bus/mesh.js';
import { Listeners } from '../core/bus/listeners.js';
import type { Peer } from '../core/directory/peer.js';
import type { LeaveReason } from '../core/errors/mesh-error.js';

const news = ['join', 'change', 'leave'] as const;

/** Tells when peers begin to provide a service, and when they end. Looks at nothing while nobody listens. */
export class Lifecycle {
  readonly #mesh: Mesh;
  readonly #providers: () => Peer[];
  readonly #listeners = new Listeners();
  #known = new Map<string, Peer>();
  #watching = false;

  constructor(mesh: Mesh, providers: () => Peer[]) {
    this.#mesh = mesh;
    this.#providers = providers;
  }

  add(event: '$start' | '$stop', listener: (...args: never[]) => unknown, once: boolean): void {
    this.#listeners.add(event, listener, { once });
    if (this.#watching) return;
    this.#watching = true;
    this.#known = new Map(this.#providers().map((peer) => [peer.id, peer]));
    for (const each of news) this.#mesh.news.add(each, this.#look);
  }

  remove(event: string, listener: (...args: never[]) => unknown): void {
    this.#listeners.remove(event, listener);
    this.#rest();
  }

  close(): void {
    for (const event of this.#listeners.names()) this.#listeners.removeAll(event);
    this.#rest();
  }

  #rest(): void {
    if (!this.#watching || this.#listeners.names().length > 0) return;
    this.#watching = false;
    this.#known.clear();
    for (const each of news) this.#mesh.news.remove(each, this.#look);
  }

  readonly #look = (about: Peer, reason?: LeaveReason): void => {
    const now = new Map(this.#providers().map((peer) => [peer.id, peer]));
    const before = this.#known;
    this.#known = now;
    for (const [id, peer] of before) if (!now.has(id)) this.#tell('$stop', peer, id === about.id ? reason : undefined);
    for (const [id, peer] of now) if (!before.has(id)) this.#tell('$start', peer);
    this.#rest();
  };

  #tell(event: string, peer: Peer, reason?: LeaveReason): void {
    this.#listeners.call(event, [peer, reason], (error) => this.#mesh.reports.failed(error, peer, undefined));
  }
}
