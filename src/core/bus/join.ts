import { askOwner, type AskOptions, type OwnerWay } from '../broker/asker.js';
import { takeSeat } from '../broker/seat.js';
import { checkFlow, type FlowOptions } from '../link/flow.js';
import type { Port } from '../port/port.js';
import type { Patience } from '../within.js';
import { Bus } from './bus.js';
import type { AnyChannels, ChannelMap } from './channels.js';
import { Mesh } from './mesh.js';
import type { Platform } from './platform.js';

/** Waits for the broker's answer on a fresh control port, and makes a bus of it. For the layers of the platforms. */
export function join<C extends ChannelMap<C> = AnyChannels>(
  port: Port,
  platform: Platform,
  options: Patience & { readonly flow?: FlowOptions | undefined },
): Promise<Bus<C>> {
  const flow = checkFlow(options.call, options.flow);
  return takeSeat(port, options, (seat, welcome) => new Bus<C>(new Mesh(seat, welcome, platform, flow)));
}

/**
 * The same for a peer that has no way of its own to the broker: its owner is asked for the control port. The time-out is for
 * both together.
 *
 * @param adopt makes the control port of the raw one that the owner gave
 */
export async function joinThrough<C extends ChannelMap<C> = AnyChannels>(
  owner: OwnerWay,
  adopt: (raw: object) => Port,
  platform: Platform,
  options: AskOptions & { readonly flow?: FlowOptions | undefined },
): Promise<Bus<C>> {
  const { call, timeout, signal, flow } = options;
  checkFlow(call, flow);
  const start = performance.now();
  const raw = await askOwner(owner, options);
  const left = Math.max(1, Math.ceil(timeout - (performance.now() - start)));
  return join<C>(adopt(raw), platform, { call, timeout: left, signal, flow });
}
