// Everything the playground's peers say to each other, in one place: pages and main are typed by it alike.

import type { Bus } from 'portmesh';

/** The playground's windows. Each is an origin of its own, app://<name>, and a peer of that name. */
export const windowNames = ['editor', 'viewer'] as const;
export type WindowName = (typeof windowNames)[number];

export interface Echo {
  readonly by: string;
  readonly text: string;
}

export interface Primes {
  readonly by: string;
  readonly count: number;
  readonly largest: number;
}

export interface Channels {
  // Handled by every peer, main included, so that any of them can be asked.
  'demo:echo': (text: string) => Promise<Echo>;
  'demo:primes': (below: number) => Promise<Primes>;
  /** Takes its time; stops when the caller no longer waits. */
  'demo:slow': (ms: number) => Promise<Echo>;
  /** Always throws. */
  'demo:fail': (text: string) => Promise<never>;
  'demo:ping': (count: number) => Promise<number>;

  /** Something said, to everybody or to one. */
  'chat:said': (text: string) => void;

  // Main's services: what a page can't do to a window on its own.
  'playground:crash': (window: WindowName) => Promise<void>;
  'playground:reload': (window: WindowName) => Promise<void>;
  'playground:navigate': (window: WindowName) => Promise<void>;
  'playground:close': (window: WindowName) => Promise<void>;
  /** Opens the window, or brings its page back, whatever has become of it. */
  'playground:restore': (window: WindowName) => Promise<void>;
  /** Ends a peer's seat in the mesh, by its id. The window stays. */
  'playground:evict': (peer: string) => Promise<boolean>;
  /** Blocks the main process. */
  'playground:block': (ms: number) => Promise<void>;

  // Told by main to everybody, right before and after it blocks.
  'playground:blocking': (ms: number) => void;
  'playground:unblocked': (ms: number) => void;
}

export type PlaygroundBus = Bus<Channels>;
