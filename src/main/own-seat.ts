import type { Bus } from '../core/bus/bus.js';
import type { AnyChannels, ChannelMap } from '../core/bus/channels.js';
import { join } from '../core/bus/join.js';
import type { Platform } from '../core/bus/platform.js';
import type { PeerProcess } from '../core/directory/peer.js';
import { invalid, MeshError } from '../core/errors/mesh-error.js';
import { electronPortCarries } from '../core/port/electron-port.js';
import { createMemoryChannel } from '../core/port/memory-port.js';
import { isName } from '../core/wire/frames.js';
import { MAIN, TRUSTED } from './names.js';
import type { Reception } from './reception.js';

/** The process that the bridge lives in. */
export const mainProcess: PeerProcess = { type: 'main', id: `m${process.pid}`, pid: process.pid };

/** Checks the options of `bridge.connect()`, and returns the name. @throws MeshError `INVALID_ARGUMENT` */
export function checkOwnName({ name = 'main', ...others }: { readonly name?: string }): string {
  for (const key of Object.keys(others)) throw invalid(`bridge.connect({ ${key} })`, 'the only option is name.');
  if (!isName(name)) throw invalid('bridge.connect({ name })', 'a name is a text of 1 to 256 characters.');
  return name;
}

/** A seat for main itself. Its control port needs no Electron. */
export function takeOwnSeat<C extends ChannelMap<C> = AnyChannels>(
  name: string,
  reception: Reception,
  platform: Platform,
): Promise<Bus<C>> {
  const call = `bridge.connect({ name: '${name}' })`;
  const problem = reception.names.take(name, MAIN);
  if (problem) throw new MeshError('NOT_AUTHORIZED', `${call}: ${problem}`);
  const { ports } = createMemoryChannel({ carries: electronPortCarries });
  const bus = join<C>(ports[0], platform, { call, timeout: Infinity });
  reception.admit({ id: reception.nextId(), name, type: 'main', origin: TRUSTED, process: mainProcess }, ports[1]);
  return bus;
}
