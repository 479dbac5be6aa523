import { join } from '../core/bus/join.js';
import type { Bus } from '../core/bus/bus.js';
import type { AnyChannels, ChannelMap } from '../core/bus/channels.js';
import type { Platform } from '../core/bus/mesh.js';
import { JOIN, PRELOAD_EVENT } from '../core/broker/joining.js';
import type { Peer } from '../core/directory/peer.js';
import { invalid, MeshError, show } from '../core/errors/mesh-error.js';
import { domEnd, electronEnd, MessagePortPort } from '../core/port/message-port.js';
import type { PortCapabilities } from '../core/port/port.js';
import { isName, WIRE_VERSION } from '../core/wire/frames.js';

/** What `connect` takes. */
export interface ConnectOptions {
  /** The display name; others reach this peer by it, and may share it. 1 to 256 characters. @default the peer's type, `'window'` or `'frame'` */
  readonly name?: string;
  /** Milliseconds to wait for the bridge. `Infinity`: for ever. @default 10000 */
  readonly timeout?: number;
  /** Gives up. */
  readonly signal?: AbortSignal;
}

const optionNames: ReadonlySet<string> = new Set(['name', 'timeout', 'signal']);

/**
 * Joins the mesh from a page: a window or a frame that has the preload.
 *
 * Rejects with a MeshError: `BRIDGE_GONE` if the preload is missing here, or the bridge closed; `NOT_AUTHORIZED` if the bridge
 * refuses this frame, or the name; `TIMEOUT`, `ABORTED`, `VERSION_MISMATCH`, `INVALID_ARGUMENT`. Its message says what to do.
 *
 * @example
 * const bus = await connect<AppChannels>({ name: 'editor' });
 */
export async function connect<C extends ChannelMap<C> = AnyChannels>(options: ConnectOptions = {}): Promise<Bus<C>> {
  const { name, timeout = 10_000, signal } = options;
  for (const key of Object.keys(options)) {
    if (!optionNames.has(key)) throw invalid(`connect({ ${key} })`, 'the options are name, timeout and signal.');
  }
  if (name !== undefined && !isName(name))
    throw invalid('connect({ name })', 'a name is a text of 1 to 256 characters.');
  if (typeof timeout !== 'number' || !(timeout > 0)) {
    throw invalid(`connect({ timeout: ${show(timeout)} })`, 'give milliseconds above 0, or Infinity.');
  }
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    throw invalid('connect({ signal })', 'give an AbortSignal.');
  }
  const call = name === undefined ? 'connect()' : `connect({ name: '${name}' })`;
  if (window.dispatchEvent(new CustomEvent(PRELOAD_EVENT, { cancelable: true }))) {
    throw new MeshError(
      'BRIDGE_GONE',
      `${call}: no Portmesh preload in this frame. In main, call bridge.install(session) before the window is made, or set ` +
        `webPreferences.preload to bridge.preload; frames need nodeIntegrationInSubFrames.`,
    );
  }
  // Nothing asks for a seat that nobody waits for.
  if (signal?.aborted) throw new MeshError('ABORTED', `${call}: aborted before.`, { cause: signal.reason });
  const { port1, port2 } = new MessageChannel();
  window.postMessage([JOIN, name, WIRE_VERSION], '/', [port2]);
  return join<C>(new MessagePortPort(port1, electronEnd, window), platform, { call, timeout, signal });
}

const platform: Platform = {
  channel() {
    const { port1, port2 } = new MessageChannel();
    return [port1, port2];
  },
  adopt: (port, far) => new MessagePortPort(port as MessagePort, endOf(far), window),
};

/** What the port of such a peer can receive. Is it unknown, then what every port can. */
function endOf(peer: Peer | undefined): PortCapabilities {
  return peer?.process.type === 'renderer' ? domEnd : electronEnd;
}
