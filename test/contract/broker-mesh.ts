import type { Bus } from '../../src/core/bus/bus.js';
import type { AnyChannels, ChannelMap } from '../../src/core/bus/channels.js';
import { everything, type Grant } from '../../src/core/directory/grant.js';
import type { LeaveReason } from '../../src/core/errors/mesh-error.js';
import type { FlowOptions } from '../../src/core/link/flow.js';
import type { Broker } from '../../src/node/broker/broker.js';
import { NodeMesh } from '../unit/support/node-mesh.js';
import { until } from '../unit/support/guests.js';
import { Proxy } from '../unit/support/proxy.js';
import { joinBrokerByHand } from './broker-by-hand.js';
import { hanging, type ByHand, type Hanging } from './by-hand.js';
import { settled } from './settled.js';
import type { ContractMesh, MeshKind, MeshOptions } from './mesh-kind.js';

/** A broker on a socket, and Node's peers that have joined it, all in this process. */
class BrokerMesh implements ContractMesh {
  readonly malformed: string[] = [];
  readonly #mesh: NodeMesh;
  readonly #grants: Map<string, Grant>;
  readonly #buses: [Bus, Grant][] = [];
  readonly #byHand: ByHand[] = [];
  readonly #broker: Broker;
  readonly #proxy: Proxy | undefined;

  private constructor(mesh: NodeMesh, grants: Map<string, Grant>, broker: Broker, proxy: Proxy | undefined) {
    this.#mesh = mesh;
    this.#grants = grants;
    this.#broker = broker;
    this.#proxy = proxy;
    broker.on('malformed', (problem) => this.malformed.push(problem));
  }

  static async open(where: { readonly port?: number }, { limits = {}, blocks }: MeshOptions): Promise<BrokerMesh> {
    const mesh = new NodeMesh();
    const grants = new Map<string, Grant>();
    const broker = await mesh.broker({ ...where, limits, authorize: ({ name }) => grants.get(name) ?? true });
    const proxy = blocks ? await Proxy.before(mesh.path) : undefined;
    if (proxy) mesh.address = { path: proxy.path };
    return new BrokerMesh(mesh, grants, broker, proxy);
  }

  async join<C extends ChannelMap<C> = AnyChannels>(
    name: string,
    grant: Grant = everything,
    flow?: FlowOptions,
  ): Promise<Bus<C>> {
    this.#grants.set(name, grant);
    const bus = await this.#mesh.join(name, { flow });
    this.#buses.push([bus, grant]);
    return bus as unknown as Bus<C>;
  }

  async joinByHand(name: string, grant: Grant = everything): Promise<ByHand> {
    this.#grants.set(name, grant);
    const peer = await joinBrokerByHand(this.#mesh.address, name);
    this.#byHand.push(peer);
    return peer;
  }

  async joinHanging(name: string, channels: readonly string[], grant?: Grant): Promise<Hanging> {
    return hanging(await this.joinByHand(name, grant), channels);
  }

  settled(): Promise<void> {
    return settled(this.#buses);
  }

  /** A socket doesn't say why it ends: but by `close()`, or by the broker's own doing, all ends are the same. */
  kill(bus: Bus, reason: LeaveReason): LeaveReason {
    if (reason === 'bye') {
      void bus.close();
      return 'bye';
    }
    this.evict(bus, '');
    return 'evicted';
  }

  evict(bus: Bus, detail: string): void {
    this.#broker.evict(bus.self.id, detail);
  }

  stop(): Promise<void> {
    return this.#broker.close();
  }

  blockBroker(): () => void {
    const wires = [...(this.#proxy as Proxy).wires];
    for (const wire of wires) wire.stall();
    return () => {
      for (const wire of wires) wire.resume();
    };
  }

  async close(): Promise<void> {
    for (const peer of this.#byHand) peer.close();
    for (const [bus] of this.#buses) await bus.close();
    // Unless it was stopped, the broker has seen them all go.
    await until(() => this.#broker.state().peers.length === 0);
    await this.#mesh.close();
    this.#proxy?.close();
  }
}

/** Meshes of Node's peers, over unix sockets, or TCP. */
export function overBroker(where: { readonly port?: number }, slow = false): MeshKind {
  return { mesh: (options) => BrokerMesh.open(where, options), slow, rejoins: true };
}
