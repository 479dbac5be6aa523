import type { Bus, MeshPort } from 'portmesh';

/** A channel map with every kind of channel, in the words of the design. */
export interface AppChannels {
  'doc:saved': (id: string) => void;
  'doc:moved': (id: string, position: { x: number; y: number }, animate?: boolean) => void;
  'doc:tagged': (id: string, ...tags: string[]) => void;
  frame: (pixels: Uint8Array) => void;
  theme: (name: 'dark' | 'light') => void;
  tick: () => void;
  'doc:render': (id: string, scale: number) => Promise<Uint8Array>;
  'doc:find': (text: string, options?: { limit: number }) => Promise<string[]>;
  'doc:close': (id: string) => Promise<void>;
  'log:tail': (file: string) => AsyncIterable<string>;
  video: (meta: { codec: string }) => MeshPort;
}

export declare const bus: Bus<AppChannels>;
/** A bus that was given no map. */
export declare const untyped: Bus;
