import { randomUUID } from 'node:crypto';
import * as control from '../../src/core/broker/control.js';
import type { Bus } from '../../src/core/bus/bus.js';
import type { AnyChannels, ChannelMap } from '../../src/core/bus/channels.js';
import { everything, type Grant } from '../../src/core/directory/grant.js';
import type { LeaveReason } from '../../src/core/errors/mesh-error.js';
import type { FlowOptions } from '../../src/core/link/flow.js';
import type { Port } from '../../src/core/port/port.js';
import type { Broker } from '../../src/node/broker/broker.js';
import { LinkListener } from '../../src/node/client/link-listener.js';
import { openConnection } from '../../src/node/connection.js';
import type { Address } from '../../src/node/net/address.js';
import { NodeMesh, secrets } from '../unit/support/node-mesh.js';
import { until } from '../unit/support/guests.js';
import { Proxy } from '../unit/support/proxy.js';
import { ByHand, hanging, type Hanging } from './by-hand.js';
import { deferred } from './case.js';
import { settled } from './settled.js';
import type { ContractMesh, MeshKind, MeshOptions } from './mesh-kind.js';

const patience = { timeout: 5000, call: 'by hand' };

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
    const hello = { name, process: { id: randomUUID(), pid: 1 } };
    const { address } = this.#mesh;
    const { port } = await openConnection(address as Address, {
      role: 'peer',
      id: 'peer',
      key: secrets.peer,
      hello,
      ...patience,
    });
    const peer = new ByHand(port, new Dialing(port, this.#broker.address));
    this.#byHand.push(peer);
    await peer.id;
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

/** The links of a Node peer that speaks by hand. */
class Dialing {
  readonly #control: Port;
  readonly #listener: LinkListener;
  readonly #tickets = new Map<number, (ticket: control.Message) => void>();
  #lastToken = 0;

  constructor(port: Port, broker: Address) {
    this.#control = port;
    this.#listener = new LinkListener(broker);
  }

  async open(to: string): Promise<Port> {
    const token = ++this.#lastToken;
    const ticket = deferred<control.Message>();
    this.#tickets.set(token, ticket.resolve);
    this.#control.post([[control.DIAL, token, to, 0]]);
    const [, , id, key, address] = (await ticket.promise) as [number, number, string, string, Address];
    return (await openConnection(address, { role: 'link', id, key, hello: {}, ...patience })).port;
  }

  heard(message: control.Message): Promise<Port> | undefined {
    const [kind, id, key] = message as [number, string, string];
    if (kind === control.TICKET) this.#tickets.get(message[1] as number)?.(message);
    if (kind !== control.LISTEN) return undefined;
    const linked = deferred<Port>();
    const listening = this.#listener.expect(id, key, ({ port }) => linked.resolve(port));
    listening.then((address) => this.#control.post([[control.LISTENING, id, address]]), linked.reject);
    return linked.promise;
  }

  close(): void {
    this.#listener.close();
  }
}

/** Meshes of Node's peers, over unix sockets, or TCP. */
export function overBroker(where: { readonly port?: number }, slow = false): MeshKind {
  return { mesh: (options) => BrokerMesh.open(where, options), slow, rejoins: true };
}
