import { Hub } from '../../src/core/broker/hub.js';
import type { Bus } from '../../src/core/bus/bus.js';
import { join } from '../../src/core/bus/join.js';
import type { Platform } from '../../src/core/bus/platform.js';
import { defaultLimits } from '../../src/core/directory/limits.js';
import type { Peer } from '../../src/core/directory/peer.js';
import { createMemoryChannel } from '../../src/core/port/memory-port.js';
import type { Port } from '../../src/core/port/port.js';

type Channel = () => readonly [Port, Port];

/** A broker and its peers in one realm, that keep nothing on their own account: what is left in memory is the mesh's. */
export class FuzzMesh {
  /** How many times the broker was told nonsense. */
  malformed = 0;
  readonly hub: Hub;
  readonly #channel: Channel;
  #lastId = 0;

  /** @param channel makes the channels of links */
  constructor(channel: Channel) {
    this.#channel = channel;
    this.hub = new Hub({
      redact: false,
      limits: defaultLimits,
      channel,
      show: (peer) => peer,
      closed: (peer) => this.hub.remove(peer.id, 'lost'),
      left() {},
      malformed: () => void this.malformed++,
    });
  }

  async join(name: string): Promise<Bus> {
    const [near, far] = createMemoryChannel().ports;
    const platform: Platform = { channel: this.#channel, adopt: (raw) => raw as Port };
    const joined = join(near, platform, { call: `join('${name}')`, timeout: Infinity });
    this.admit(name, far, 'app://test');
    return joined;
  }

  /** Gives somebody a seat who speaks the wire by hand, from another origin. Returns its id. */
  admit(name: string, port: Port, origin = 'app://elsewhere'): string {
    const id = `p${++this.#lastId}`;
    const peer: Peer = { id, name, type: 'window', origin, process: { type: 'renderer', id: `r${id}`, pid: 1 } };
    this.hub.admit(peer, port);
    return id;
  }
}
