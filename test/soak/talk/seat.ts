import { MeshError, type Bus, type Peer } from 'portmesh';
import type { Random } from '../random.js';
import { Calls } from './calls.js';
import type { Talker } from './kind.js';
import { kinds } from './kinds/kinds.js';
import { Order } from './order.js';
import type { Report } from './report.js';
import { Roster } from './roster.js';

/** Milliseconds between two things that a seat does, at most: ten windows shall keep two cores busy, not drown them. */
const PAUSE_MS = 60;
const POLL_MS = 20;

/** Somebody at random who talks to the others at random, and checks what it is told. In pages and in main alike. */
export class Seat implements Talker {
  readonly bus: Bus;
  readonly random: Random;
  readonly report: Report;
  readonly calls: Calls;
  readonly order = new Order();
  readonly roster: Roster;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(bus: Bus, random: Random, report: Report) {
    this.bus = bus;
    this.random = random;
    this.report = report;
    this.calls = new Calls(report, () => bus.state === 'closed');
    this.roster = new Roster(bus, report, (peer) => this.order.forget(peer));
    bus.onError((error, { peer, channel }) => this.#onError(error, peer, channel));
    bus.onDropped(({ count, error }) => {
      report.count('dropped', count);
      if (error.code !== 'PEER_GONE' && error.code !== 'CLOSED') report.violation(`onDropped: ${error.message}`);
    });
    void bus.closed.then(() => this.hush());
    for (const kind of kinds) kind.serve?.(this);
  }

  /** Begins to do things. */
  talk(): void {
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        this.#act();
        if (this.bus.state === 'open') this.talk();
      },
      this.random.between(0, PAUSE_MS),
    );
  }

  /** Does nothing more. What is under way goes on, and others are still served. */
  hush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Resolves when every call has settled; that it is not late is watched by `calls`. */
  async settled(): Promise<void> {
    while (this.calls.pending > 0) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }

  /** What is still held, in words, though everybody is silent; empty if nothing is. */
  async held(): Promise<string> {
    // What was lost on the way to somebody who is gone was reported.
    await this.bus.drain().catch((error: unknown) => {
      if (!MeshError.is(error, 'PEER_GONE')) this.report.violation(`drain(): ${String(error)}`);
    });
    const { links, ...load } = this.bus.load;
    if (links > this.bus.peers.size) return `${links} links to ${this.bus.peers.size} peers`;
    const held = Object.entries({ ...load, pending: this.bus.pending }).filter(([, count]) => count !== 0);
    return held.map(([what, count]) => `${count} ${what}`).join(', ');
  }

  listener(channel: string): Peer | undefined {
    return this.random.pick(this.bus.peers.listening(channel));
  }

  handler(channel: string): Peer | undefined {
    return this.random.pick(this.bus.peers.handling(channel));
  }

  received(stream: 'one' | 'all', sender: Peer, number: unknown): void {
    this.report.count('received');
    const problem = this.order.problem(stream, sender, number as number);
    if (problem) this.report.violation(`${this.bus.self.id}: ${problem}`);
  }

  /** Closes its bus, and checks that nothing is left pending by that. */
  async leave(): Promise<void> {
    await this.bus.close();
    await this.settled();
    this.dispose();
  }

  /** After the end of its bus, whoever ended it. */
  dispose(): void {
    this.hush();
    this.calls.stop();
  }

  #act(): void {
    try {
      this.random.weighted(kinds).act(this);
    } catch (error) {
      if (MeshError.is(error, 'PEER_GONE') || MeshError.is(error, 'NO_PEER')) this.report.count('gone at the call');
      else this.report.violation(`a call threw: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }

  #onError(error: unknown, peer: Peer, channel: string | undefined): void {
    this.report.count('onError');
    if (error instanceof RangeError && error.message === 'of the listener') return;
    this.report.violation(`onError of '${channel ?? 'the link'}' from ${peer.id}: ${String(error)}`);
  }
}
