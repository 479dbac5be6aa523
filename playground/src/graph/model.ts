import type { SimulationLinkDatum, SimulationNodeDatum } from 'd3-force';
import type { LeaveReason, Peer } from 'portmesh';
import type { GatewayNews, PlaygroundBus } from '../channels.js';
import type { FlowKind, TrafficReport } from '../place/traffic.js';
import { isPlace } from '../places.js';
import type { Look } from './glyphs.js';

export type NodeState = 'here' | 'unresponsive' | 'blocked' | 'gone';

/** Something that has a place in the picture. */
export interface Spot extends SimulationNodeDatum {
  readonly name: string;
  readonly look: Look;
  /** Where it runs; a ghost runs nowhere. */
  readonly process: Pick<Peer['process'], 'id' | 'type' | 'pid'>;
  state: NodeState;
  reason: LeaveReason | undefined;
}

/** A peer in the picture; or, once it has left, its ghost, for as long as nobody of that name is back. */
export interface Node extends Spot {
  readonly peer: Peer;
  /** The ids of those who say that it does not answer. */
  readonly waiting: Set<string>;
}

/** What the peers of Electron and of Node say to each other passes here. It is no peer. */
export interface Gateway extends Spot {
  news: GatewayNews;
}

export const GATEWAY = 'gateway';

/** Two peers that have exchanged something: there is a link between them. */
export interface Edge extends SimulationLinkDatum<Node> {
  readonly key: string;
  readonly source: Node;
  readonly target: Node;
  /** Messages a second, lately */
  rate: number;
}

/** Something that went from one peer to another, so often within so many milliseconds. */
export interface Movement {
  readonly from: Node;
  readonly to: Node;
  readonly kind: FlowKind;
  readonly count: number;
  readonly ms: number;
}

/** How much of an edge's rate a report leaves of what was there before. */
const INERTIA = 0.8;

/** What is known of the mesh: peers from the directory of this window's own bus, links from what the places report. */
export class Model {
  readonly nodes = new Map<string, Node>();
  readonly edges = new Map<string, Edge>();
  gateway: Gateway | undefined;
  /** Told when somebody has come, gone, or changed; and of each new link. */
  onChange: () => void = () => {};
  onMove: (movement: Movement) => void = () => {};

  attach(bus: PlaygroundBus): void {
    this.#clear();
    for (const peer of [...bus.peers, bus.self]) this.#add(peer);
    bus.peers.on('join', (peer) => this.#add(peer));
    bus.peers.on('leave', (peer, reason) => this.#remove(peer, reason));
    bus.on('playground:blocking', ({ sender }) => this.#mark(sender.id, 'blocked'));
    bus.on('playground:unblocked', ({ sender }) => this.#mark(sender.id, 'here'));
    bus.on('playground:traffic', ({ sender }, report) => this.report(sender.id, report));
    this.onChange();
    // Outside the mesh, nothing is known of anybody.
    void bus.closed.then(() => this.#clear());
  }

  #clear(): void {
    this.nodes.clear();
    this.edges.clear();
    this.gateway = undefined;
    this.onChange();
  }

  /** Those who are there. */
  get here(): Node[] {
    return [...this.nodes.values()].filter(({ state }) => state !== 'gone');
  }

  /** All that is in the picture, each with a key of its own. */
  get spots(): Map<string, Spot> {
    return new Map<string, Spot>([...this.nodes, ...(this.gateway ? [[GATEWAY, this.gateway] as const] : [])]);
  }

  /** Where that passes which one says to the other. */
  way(from: Node, to: Node): readonly Spot[] {
    const across = (from.look === 'node') !== (to.look === 'node');
    return across && this.gateway ? [from, this.gateway, to] : [from, to];
  }

  /** It is shown from when there is one. Another process of it begins where the one before was. */
  hearGateway(news: GatewayNews): void {
    const { pid } = news;
    const before = this.gateway;
    if (before?.news.pid === pid) {
      if (before) before.news = news;
      return;
    }
    const process = { id: `${GATEWAY} ${pid}`, type: 'utility', pid: pid ?? 0 } as const;
    const state = pid === undefined ? 'gone' : 'here';
    const { x, y } = before ?? {};
    this.gateway = { name: GATEWAY, look: GATEWAY, process, state, reason: undefined, news, x, y };
    this.onChange();
  }

  node(name: string): Node | undefined {
    return [...this.nodes.values()].find((node) => node.name === name);
  }

  /** @param of the id of the peer that reports */
  report(of: string, { ms, flows, silent }: TrafficReport): void {
    const reporter = this.nodes.get(of);
    if (!reporter) return;
    this.#hear(of, silent);
    for (const edge of this.edges.values()) {
      if (edge.source === reporter || edge.target === reporter) edge.rate *= INERTIA;
    }
    for (const [id, direction, kind, count] of flows) {
      const other = this.nodes.get(id);
      if (!other || other.state === 'gone') continue;
      const [from, to] = direction === 'in' ? [other, reporter] : [reporter, other];
      this.#edge(from, to).rate += ((1 - INERTIA) * count * 1000) / Math.max(ms, 100);
      this.onMove({ from, to, kind, count, ms });
    }
  }

  /** Who stands still is so for everybody who waits for it, and each of them says so on its own. */
  #hear(of: string, silent: readonly string[]): void {
    for (const { peer, state, waiting } of this.nodes.values()) {
      if (silent.includes(peer.id)) waiting.add(of);
      else waiting.delete(of);
      if (waiting.size > 0 && state === 'here') this.#mark(peer.id, 'unresponsive');
      if (waiting.size === 0 && state === 'unresponsive') this.#mark(peer.id, 'here');
    }
  }

  #edge(from: Node, to: Node): Edge {
    const [source, target] = from.peer.id < to.peer.id ? [from, to] : [to, from];
    const key = `${source.peer.id} ${target.peer.id}`;
    const known = this.edges.get(key);
    if (known) return known;
    const edge: Edge = { key, source, target, rate: 0 };
    this.edges.set(key, edge);
    this.onChange();
    return edge;
  }

  /** Whoever is back begins where its ghost is. */
  #add(peer: Peer): void {
    const ghost = this.node(peer.name);
    const { name, type: look, process } = peer;
    const node: Node = { name, look, process, peer, state: 'here', reason: undefined, waiting: new Set() };
    if (ghost?.state === 'gone') {
      this.nodes.delete(ghost.peer.id);
      Object.assign(node, { x: ghost.x, y: ghost.y });
    }
    this.nodes.set(peer.id, node);
    this.onChange();
  }

  #remove(peer: Peer, reason: LeaveReason): void {
    const node = this.nodes.get(peer.id);
    if (!node) return;
    this.#hear(peer.id, []);
    for (const [key, { source, target }] of this.edges) {
      if (source === node || target === node) this.edges.delete(key);
    }
    // One that the playground doesn't know can't be brought back, and one that is back already needs no ghost.
    if (!isPlace(peer.name) || this.here.some((each) => each !== node && each.name === peer.name)) {
      this.nodes.delete(peer.id);
    } else {
      node.state = 'gone';
      node.reason = reason;
    }
    this.onChange();
  }

  #mark(id: string, state: NodeState): void {
    const node = this.nodes.get(id);
    if (!node || node.state === 'gone') return;
    node.state = state;
    this.onChange();
  }
}
