import type { Bus, Peer } from 'portmesh';
import type { Report } from './report.js';

/** Who is there, by the news: each joins once, and leaves once, after it joined. */
export class Roster {
  readonly #there = new Set<string>();

  constructor(bus: Bus, report: Report, left: (peer: Peer) => void) {
    for (const { id } of bus.peers) this.#there.add(id);
    bus.peers.on('join', ({ id }) => {
      if (this.#there.has(id)) report.violation(`${bus.self.id} was told twice that ${id} joined`);
      this.#there.add(id);
    });
    bus.peers.on('leave', (peer, reason) => {
      report.count(`left: ${reason}`);
      if (!this.#there.delete(peer.id)) report.violation(`${bus.self.id} was told that ${peer.id}, not there, left`);
      left(peer);
    });
  }

  get ids(): string[] {
    return [...this.#there].sort();
  }
}
