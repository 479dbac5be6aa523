import { Hub, type HubOwner } from '../../src/core/broker/hub.js';
import { defaultLimits } from '../../src/core/directory/limits.js';
import type { Bus } from '../../src/core/bus/bus.js';
import { join } from '../../src/core/bus/join.js';
import type { AnyChannels, ChannelMap } from '../../src/core/bus/channels.js';
import type { Platform } from '../../src/core/bus/mesh.js';
import { everything, type Grant } from '../../src/core/directory/grant.js';
import type { LeaveReason } from '../../src/core/errors/mesh-error.js';
import { createMemoryChannel, type MemoryChannel } from '../../src/core/port/memory-port.js';
import type { Port } from '../../src/core/port/port.js';
import type { PortKind } from './port-contract.js';

/** A broker and its peers in one realm: control ports in memory, links over the kind of port under test. */
export class TestMesh {
  readonly malformed: string[] = [];
  readonly left: [string, LeaveReason][] = [];
  /** The last port a bus opened a link with */
  readonly opened: Port[] = [];
  readonly #kind: PortKind;
  readonly #controls = new Map<string, MemoryChannel>();
  #lastId = 0;
  readonly hub: Hub;

  constructor(kind: PortKind) {
    this.#kind = kind;
    const owner: HubOwner = {
      redact: false,
      limits: defaultLimits,
      channel: () => kind.make(),
      show: (peer) => peer,
      closed: (peer) => this.hub.remove(peer.id, 'lost'),
      left: (peer, reason) => this.left.push([peer.name, reason]),
      malformed: (_, problem) => this.malformed.push(problem),
    };
    this.hub = new Hub(owner);
  }

  async join<C extends ChannelMap<C> = AnyChannels>(name: string, grant: Grant = everything): Promise<Bus<C>> {
    const control = createMemoryChannel();
    const id = `p${++this.#lastId}`;
    this.#controls.set(id, control);
    const bus = join<C>(control.ports[0], this.#platform, { call: `join('${name}')`, timeout: Infinity });
    const process = { type: 'renderer', id: `r${id}`, pid: 1 } as const;
    this.hub.admit({ id, name, type: 'window', origin: 'app://test', process }, control.ports[1], grant);
    return bus;
  }

  /** Joins by hand, from another origin: returns the raw control port, for a peer that misbehaves. */
  joinRaw(name: string, grant: Grant = everything): { port: Port; id: string } {
    const control = createMemoryChannel();
    const id = `p${++this.#lastId}`;
    this.#controls.set(id, control);
    const process = { type: 'renderer', id: `r${id}`, pid: 1 } as const;
    this.hub.admit({ id, name, type: 'window', origin: 'app://elsewhere', process }, control.ports[1], grant);
    return { port: control.ports[0], id };
  }

  /** As if the peer's process had been killed, with the word on it that the platform gives. */
  kill(bus: Bus<never>, reason: LeaveReason): void {
    this.hub.remove(bus.self.id, reason);
  }

  channel(): readonly [Port, Port] {
    return this.#kind.make();
  }

  close(): void {
    this.hub.close();
  }

  readonly #platform: Platform = {
    channel: () => {
      const [near, far] = this.#kind.make();
      this.opened.push(near);
      return [near, far];
    },
    adopt: (port) => port as Port,
  };
}
