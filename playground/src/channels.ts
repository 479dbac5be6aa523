// Everything the playground's peers say to each other, in one place: pages, workers, main and its helpers are typed by it alike.

import type { Bus, MeshPort } from 'portmesh';
import type { Deed, Shape } from './place/deeds.js';
import type { JournalNews } from './place/entry.js';
import type { TrafficReport } from './place/traffic.js';
import type { Action, PlaceName } from './places.js';

export interface Echo {
  readonly by: string;
  readonly text: string;
}

export interface Primes {
  readonly by: string;
  readonly count: number;
  readonly largest: number;
}

export interface Wave {
  readonly shape: Shape;
}

export interface Mirrored {
  readonly by: string;
  readonly numbers: Float32Array;
}

/** The bridge's gateway between Electron's peers and Node's. */
export interface GatewayNews {
  /** Its process; `undefined` while there is none. */
  readonly pid: number | undefined;
  /** Links that pass through it. */
  readonly links: number;
  /** Bytes that wait there for Node's peers. */
  readonly queued: number;
}

/** How much the peers chat on their own, so that there is something to see. */
export type Pace = 'quiet' | 'gossip' | 'busy';

/** A peer as the owner of others, such as an editor of the frames in its page: what is done to one of them. */
export type ChildAction = Extract<Action, 'end' | 'restore'>;

export interface Channels {
  // Handled by every peer, main included, so that any of them can be asked.
  'demo:echo': (text: string) => Promise<Echo>;
  'demo:primes': (below: number) => Promise<Primes>;
  /** The same numbers, from last to first. */
  'demo:mirror': (numbers: Float32Array) => Promise<Mirrored>;
  /** Takes its time; stops when the caller no longer waits. */
  'demo:slow': (ms: number) => Promise<Echo>;
  /** Always throws. */
  'demo:fail': (text: string) => Promise<never>;
  'demo:ping': (count: number) => Promise<number>;
  /** Counts up, so many a second; `Infinity`: as fast as they are taken. */
  'demo:numbers': (perSecond: number) => AsyncIterable<number>;
  /** A port over which points come, to be drawn. */
  'demo:wave': (wave: Wave) => MeshPort;

  /** Something said, to everybody or to one. */
  'chat:said': (text: string) => void;

  // Every place can be operated from another one: that is how those without a page of their own are.
  'place:do': (deed: Deed) => Promise<void>;
  /** What the place has noted since that version of its journal. */
  'place:journal': (since: number) => Promise<JournalNews>;
  /** Handled by places that own others. */
  'place:child': (child: PlaceName, action: ChildAction) => Promise<void>;

  // Main's services: what a peer can't do to another one on its own.
  'playground:act': (action: Action, place: PlaceName) => Promise<void>;
  /** Ends a peer's seat in the mesh, by its id. Its window, or process, stays. */
  'playground:evict': (peer: string) => Promise<boolean>;
  /** Blocks the main process. */
  'playground:block': (ms: number) => Promise<void>;

  'playground:gateway': () => Promise<GatewayNews>;
  /** Kills its process. The bridge starts another one. */
  'playground:crash-gateway': () => Promise<void>;

  // Told by main to everybody, right before and after it blocks.
  'playground:blocking': (ms: number) => void;
  'playground:unblocked': (ms: number) => void;

  /** What flowed at a place, several times a second, to whoever draws it. */
  'playground:traffic': (report: TrafficReport) => void;
  /** How much the peers shall chat. */
  'playground:pace': (pace: Pace) => void;
}

export type PlaygroundBus = Bus<Channels>;
