import { LINK, OPEN } from '../../src/core/broker/control.js';
import { Hub, type HubOwner } from '../../src/core/broker/hub.js';
import { defaultLimits, type Limits } from '../../src/core/directory/limits.js';
import type { Bus } from '../../src/core/bus/bus.js';
import { join } from '../../src/core/bus/join.js';
import type { AnyChannels, ChannelMap } from '../../src/core/bus/channels.js';
import type { Platform } from '../../src/core/bus/platform.js';
import { everything, type Grant } from '../../src/core/directory/grant.js';
import type { FlowOptions } from '../../src/core/link/flow.js';
import type { LeaveReason } from '../../src/core/errors/mesh-error.js';
import { createMemoryChannel } from '../../src/core/port/memory-port.js';
import type { Port } from '../../src/core/port/port.js';
import { ByHand, hanging, type Hanging } from './by-hand.js';
import type { ContractMesh, MeshKind } from './mesh-kind.js';
import type { PortKind } from './port-contract.js';
import { settled } from './settled.js';

/** A broker and its peers in one realm: control ports in memory, links over the kind of port under test. */
export class TestMesh implements ContractMesh {
  readonly malformed: string[] = [];
  readonly left: [string, LeaveReason][] = [];
  /** The last port a bus opened a link with */
  readonly opened: Port[] = [];
  /** The names of those that a bus took to be at the other ends of its ports, as it adopted them */
  readonly far: (string | undefined)[] = [];
  readonly #kind: PortKind;
  readonly #buses: [Bus, Grant][] = [];
  /** What the broker is told while it is blocked */
  #backlog: (() => void)[] | undefined;
  #lastId = 0;
  readonly hub: Hub;

  constructor(kind: PortKind, limits: Partial<Limits> = {}) {
    this.#kind = kind;
    const owner: HubOwner = {
      redact: false,
      limits: { ...defaultLimits, ...limits },
      channel: () => this.#ends(),
      show: (peer) => peer,
      closed: (peer) => this.hub.remove(peer.id, 'lost'),
      left: (peer, reason) => this.left.push([peer.name, reason]),
      malformed: (_, problem) => this.malformed.push(problem),
    };
    this.hub = new Hub(owner);
  }

  async join<C extends ChannelMap<C> = AnyChannels>(
    name: string,
    grant: Grant = everything,
    flow?: FlowOptions,
  ): Promise<Bus<C>> {
    const control = createMemoryChannel();
    const id = `p${++this.#lastId}`;
    const bus = join<C>(control.ports[0], this.#platform, { call: `join('${name}')`, timeout: Infinity, flow });
    const process = { type: 'renderer', id: `r${id}`, pid: 1 } as const;
    this.hub.admit(
      { id, name, type: 'window', origin: 'app://test', process },
      this.#toBroker(control.ports[1]),
      grant,
    );
    this.#buses.push([(await bus) as never, grant]);
    return bus;
  }

  /** Joins by hand, from another origin: returns the raw control port, for a peer that misbehaves. */
  joinRaw(name: string, grant: Grant = everything): { port: Port; id: string } {
    const control = createMemoryChannel();
    const id = `p${++this.#lastId}`;
    const process = { type: 'renderer', id: `r${id}`, pid: 1 } as const;
    this.hub.admit(
      { id, name, type: 'window', origin: 'app://elsewhere', process },
      this.#toBroker(control.ports[1]),
      grant,
    );
    return { port: control.ports[0], id };
  }

  async joinByHand(name: string, grant: Grant = everything): Promise<ByHand> {
    const { port: control } = this.joinRaw(name, grant);
    return new ByHand(control, {
      open: async (to, epoch) => {
        const [near, far] = this.channel();
        control.post([[OPEN, to, epoch, 0]], [far]);
        return near;
      },
      heard: ([kind], [raw]) => (kind === LINK ? Promise.resolve(this.#adopt(raw as object)) : undefined),
    });
  }

  async joinHanging(name: string, channels: readonly string[], grant?: Grant): Promise<Hanging> {
    return hanging(await this.joinByHand(name, grant), channels);
  }

  settled(): Promise<void> {
    return settled(this.#buses);
  }

  /** As if the peer's process had ended so, with the word on it that the platform gives. */
  kill(bus: { readonly self: { readonly id: string } }, reason: LeaveReason): LeaveReason {
    this.hub.remove(bus.self.id, reason);
    return reason;
  }

  evict(bus: Bus, detail: string): void {
    this.hub.remove(bus.self.id, 'evicted', detail);
  }

  /** As if the broker's process were busy, until what is returned is called. */
  blockBroker(): () => void {
    const backlog: (() => void)[] = (this.#backlog = []);
    return () => {
      this.#backlog = undefined;
      for (const each of backlog) each();
    };
  }

  /** This side's end of a channel, and the raw other one. */
  channel(): readonly [Port, object] {
    const [near, far] = this.#ends();
    return [this.#adopt(near), far];
  }

  async stop(): Promise<void> {
    this.hub.close();
  }

  close(): void {
    this.hub.close();
  }

  readonly #platform: Platform = {
    channel: () => this.#ends(),
    adopt: (raw, far) => {
      this.far.push(far?.name);
      const port = this.#adopt(raw as object);
      this.opened.push(port);
      return port;
    },
  };

  #toBroker(port: Port): Port {
    const { carries, raw } = port;
    return {
      carries,
      raw,
      post: (message, transfer) => port.post(message, transfer),
      close: () => port.close(),
      detach: () => port.detach(),
      start: ({ message, unreadable, close }) =>
        port.start({
          message: (data, ports) =>
            this.#backlog ? this.#backlog.push(() => message(data, ports)) : message(data, ports),
          unreadable,
          close,
        }),
    };
  }

  #ends(): readonly [object, object] {
    return this.#kind.raw?.() ?? this.#kind.make();
  }

  #adopt(raw: object): Port {
    return this.#kind.adopt?.(raw) ?? (raw as Port);
  }
}

/** Meshes with their broker in memory, and links over that kind of port. */
export function inMemory(kind: PortKind): MeshKind {
  const { mixed, slow } = kind;
  return { mesh: async ({ limits }) => new TestMesh(kind, limits), mixed, slow, epochs: true };
}
