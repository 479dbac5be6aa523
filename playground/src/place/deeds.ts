/** Stands for all peers: an event goes to each that listens, a request to any one that handles it. */
export const EVERYBODY = '';

/** What is drawn from what comes over a port. */
export type Shape = 'sine' | 'trail';

export type Question = 'echo' | 'mirror' | 'primes' | 'fail';

/** What a place can be told to do, by its own page or over the mesh. `to` is a name, or `EVERYBODY`. */
export type Deed =
  | { readonly do: 'say'; readonly to: string; readonly text: string }
  | { readonly do: 'ask'; readonly to: string; readonly what: Question; readonly text: string }
  /** `timeout` in milliseconds; `Infinity`: none */
  | { readonly do: 'ask-slow'; readonly to: string; readonly ms: number; readonly timeout: number }
  | { readonly do: 'abort' }
  /** Takes numbers from somebody until told to stop. */
  | { readonly do: 'stream'; readonly to: string; readonly perSecond: number }
  | { readonly do: 'take-time'; readonly slow: boolean }
  | { readonly do: 'stop-stream' }
  /** Opens a port to somebody, and sends points over it. */
  | { readonly do: 'open-port'; readonly to: string; readonly shape: Shape }
  | { readonly do: 'close-ports' }
  /** Lets shapes dance in somebody's scene, until told to stop. */
  | { readonly do: 'dance'; readonly to: string }
  | { readonly do: 'leave-scenes' }
  /** Stands still, as by an endless loop. */
  | { readonly do: 'hang'; readonly ms: number };
