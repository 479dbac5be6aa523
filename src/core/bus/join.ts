import { takeSeat, type JoinOptions } from '../broker/seat.js';
import { checkFlow, type FlowOptions } from '../link/flow.js';
import type { Port } from '../port/port.js';
import { Bus } from './bus.js';
import type { AnyChannels, ChannelMap } from './channels.js';
import { Mesh, type Platform } from './mesh.js';

/** Waits for the broker's answer on a fresh control port, and makes a bus of it. For the layers of the platforms. */
export function join<C extends ChannelMap<C> = AnyChannels>(
  port: Port,
  platform: Platform,
  options: JoinOptions & { readonly flow?: FlowOptions | undefined },
): Promise<Bus<C>> {
  const flow = checkFlow(options.call, options.flow);
  return takeSeat(port, options, (seat, welcome) => new Bus<C>(new Mesh(seat, welcome, platform, flow)));
}
