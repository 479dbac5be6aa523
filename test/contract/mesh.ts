import { ASK, CHANGES, TOLD } from '../../src/core/broker/control.js';
import { Hub, type HubOwner } from '../../src/core/broker/hub.js';
import { defaultLimits, type Limits } from '../../src/core/directory/limits.js';
import type { Bus } from '../../src/core/bus/bus.js';
import { join } from '../../src/core/bus/join.js';
import type { AnyChannels, ChannelMap } from '../../src/core/bus/channels.js';
import type { Platform } from '../../src/core/bus/platform.js';
import { HANDLE, LISTEN } from '../../src/core/directory/entry.js';
import { everything, type Grant } from '../../src/core/directory/grant.js';
import type { FlowOptions } from '../../src/core/link/flow.js';
import type { LeaveReason } from '../../src/core/errors/mesh-error.js';
import { createMemoryChannel, type MemoryChannel } from '../../src/core/port/memory-port.js';
import type { Port } from '../../src/core/port/port.js';
import { deferred } from './case.js';
import type { PortKind } from './port-contract.js';

/** A peer that has a link, and doesn't read it before it is woken. */
export interface Hanging {
  wake(read: (data: unknown, port: Port) => void): Promise<Port>;
}

/** A broker and its peers in one realm: control ports in memory, links over the kind of port under test. */
export class TestMesh {
  readonly malformed: string[] = [];
  readonly left: [string, LeaveReason][] = [];
  /** The last port a bus opened a link with */
  readonly opened: Port[] = [];
  /** The names of those that a bus took to be at the other ends of its ports, as it adopted them */
  readonly far: (string | undefined)[] = [];
  readonly #kind: PortKind;
  readonly #controls = new Map<string, MemoryChannel>();
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
    this.#controls.set(id, control);
    const bus = join<C>(control.ports[0], this.#platform, { call: `join('${name}')`, timeout: Infinity, flow });
    const process = { type: 'renderer', id: `r${id}`, pid: 1 } as const;
    this.hub.admit(
      { id, name, type: 'window', origin: 'app://test', process },
      this.#toBroker(control.ports[1]),
      grant,
    );
    return bus;
  }

  /** Joins by hand, from another origin: returns the raw control port, for a peer that misbehaves. */
  joinRaw(name: string, grant: Grant = everything): { port: Port; id: string } {
    const control = createMemoryChannel();
    const id = `p${++this.#lastId}`;
    this.#controls.set(id, control);
    const process = { type: 'renderer', id: `r${id}`, pid: 1 } as const;
    this.hub.admit(
      { id, name, type: 'window', origin: 'app://elsewhere', process },
      this.#toBroker(control.ports[1]),
      grant,
    );
    return { port: control.ports[0], id };
  }

  /** Joins by hand as a peer that listens to, and handles, `channels`, and reads nothing of its link until it is woken. */
  async joinHanging(name: string, channels: readonly string[]): Promise<Hanging> {
    const { port: control } = this.joinRaw(name);
    const linked = deferred<Port>();
    control.start({
      message: (data, [raw]) => {
        for (const [kind, token] of data as unknown[][]) if (kind === ASK) control.post([[TOLD, token]]);
        if (raw) linked.resolve(this.#adopt(raw as object));
      },
      unreadable() {},
      close() {},
    });
    control.post([[CHANGES, 1, channels.flatMap((channel) => [LISTEN, channel, HANDLE, channel])]]);
    // Known to everybody before the next one acts.
    await (await this.join('witness')).close();
    return {
      wake: async (read) => {
        const port = await linked.promise;
        port.start({ message: (data) => read(data, port), unreadable() {}, close() {} });
        return port;
      },
    };
  }

  /** As if the peer's process had been killed, with the word on it that the platform gives. */
  kill(bus: { readonly self: { readonly id: string } }, reason: LeaveReason): void {
    this.hub.remove(bus.self.id, reason);
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
