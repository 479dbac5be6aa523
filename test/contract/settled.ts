import type { Bus } from '../../src/core/bus/bus.js';
import type { Grant } from '../../src/core/directory/grant.js';

const heard = (): void => {};

/** Each tells the broker, which asks all others: whoever answers has heard of the one, and of what it has announced. */
export async function settled(buses: readonly (readonly [Bus, Grant])[]): Promise<void> {
  const open = buses.filter(([bus]) => bus.state === 'open');
  await Promise.all(open.map(([bus, { receive: [channel = 'settled'] = [] }]) => bus.subscribe(channel, heard)));
}
