// What the examples of README.md and docs/ take for granted: an application with a channel map and a bus. An example that makes
// its own hides it.

import type { Bus, MeshPort } from 'portmesh';
import type { Bridge } from 'portmesh/main';

declare global {
  interface AppChannels {
    'doc:saved': (id: string) => void;
    'doc:render': (id: string, scale: number) => Promise<Uint8Array>;
    'doc:title': (id: string) => Promise<string>;
    'log:tail': (file: string) => AsyncIterable<string>;
    video: (meta: { codec: string }) => MeshPort;
    frame: (pixels: Uint8Array) => void;
    version: () => Promise<string>;
    cursor: (x: number, y: number) => void;
  }

  const bus: Bus<AppChannels>;
  const bridge: Bridge;

  /** An application's own. */
  function render(id: string, scale: number, signal?: AbortSignal): Promise<Uint8Array>;
  function show(...values: unknown[]): void;
  class Scene {
    draw(shape: string): void;
    onClick(listener: (x: number, y: number) => void): void;
  }
  const pixels: Uint8Array<ArrayBuffer>;
  const titles: Map<string, string>;
  const iframe: HTMLIFrameElement;
  class FilesImpl {
    read(path: string): Promise<Uint8Array>;
    scan(dir: string, options: { onFound(path: string): void }): Promise<number>;
  }
  const secrets: { readonly peer: string; readonly bridge: string };
}
