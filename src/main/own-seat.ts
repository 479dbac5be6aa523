import type { Bus } from '../core/bus/bus.js';
import type { AnyChannels, ChannelMap } from '../core/bus/channels.js';
import { join } from '../core/bus/join.js';
import type { Platform } from '../core/bus/platform.js';
import type { PeerProcess } from '../core/directory/peer.js';
import { invalid, MeshError } from '../core/errors/mesh-error.js';
import { checkFlow, type FlowOptions } from '../core/link/flow.js';
import { electronPortCarries } from '../core/port/electron-port.js';
import { createMemoryChannel } from '../core/port/memory-port.js';
import { isPeerName } from '../core/wire/frames.js';
import { MAIN, TRUSTED } from './names.js';
import type { Reception } from './reception.js';

/** The process that the bridge lives in. */
export const mainProcess: PeerProcess = { type: 'main', id: `m${process.pid}`, pid: process.pid };

/** What `bridge.connect` takes. */
export interface OwnSeatOptions {
  /** What others reach main by. It becomes reserved: no page, and nothing that is attached, can take it. @default 'main' */
  readonly name?: string;
  /** How much may be under way to a peer, and wait for it. */
  readonly flow?: FlowOptions;
}

/** Options as given, with the name there is without one. */
export type CheckedSeat = Required<Pick<OwnSeatOptions, 'name'>> & Pick<OwnSeatOptions, 'flow'>;

/** @throws MeshError `INVALID_ARGUMENT` */
export function checkOwnSeat({ name = 'main', flow, ...others }: OwnSeatOptions): CheckedSeat {
  for (const key of Object.keys(others)) throw invalid(`bridge.connect({ ${key} })`, 'the options are name and flow.');
  if (!isPeerName(name))
    throw invalid('bridge.connect({ name })', 'a name is a text of 1 to 256 characters, without control characters.');
  checkFlow('bridge.connect', flow);
  return { name, ...(flow && { flow }) };
}

/** A seat for main itself. Its control port needs no Electron. */
export function takeOwnSeat<C extends ChannelMap<C> = AnyChannels>(
  { name, flow }: CheckedSeat,
  reception: Reception,
  platform: Platform,
): Promise<Bus<C>> {
  const call = `bridge.connect({ name: '${name}' })`;
  const problem = reception.names.take(name, MAIN);
  if (problem) throw new MeshError('NOT_AUTHORIZED', `${call}: ${problem}`);
  const { ports } = createMemoryChannel({ carries: electronPortCarries });
  const bus = join<C>(ports[0], platform, { call, timeout: Infinity, flow });
  reception.admit({ id: reception.nextId(), name, type: 'main', origin: TRUSTED, process: mainProcess }, ports[1]);
  return bus;
}
