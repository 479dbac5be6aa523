import type { Bus, Peer } from 'portmesh';
import type { Random } from '../random.js';
import type { Calls } from './calls.js';
import type { Order } from './order.js';
import type { Report } from './report.js';

/** Who talks: see seat.ts. */
export interface Talker {
  readonly bus: Bus;
  readonly random: Random;
  readonly report: Report;
  readonly calls: Calls;
  readonly order: Order;
  /** One of the others that listen to the channel. */
  listener(channel: string): Peer | undefined;
  /** One of the others that handle the channel. */
  handler(channel: string): Peer | undefined;
  /** Counts what came, and looks whether it came in its turn. */
  received(stream: 'one' | 'all', sender: Peer, number: unknown): void;
}

/**
 * One kind of traffic: what a seat serves of it from its join on, and what it does now and then. A new kind of channel is a
 * file in `kinds/` and a line in `kinds/kinds.ts`.
 */
export interface Kind {
  readonly name: string;
  /** How often it is done, compared with the others */
  readonly weight: number;
  /** Listens, handles. Called at once when the bus has joined. */
  serve?(talker: Talker): void;
  /** Does one thing. What it calls goes to `talker.calls`. May throw a MeshError that says that a peer is gone. */
  act(talker: Talker): void;
}
