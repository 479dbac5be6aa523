import type { Bridge } from 'portmesh/main';
import type { PlaygroundBus } from '../channels.js';
import { isNode, isPlace, places, type Action, type PlaceName } from '../places.js';
import { Helper } from './helper.js';
import type { Nodes } from './nodes.js';
import { Windows } from './windows.js';

/** All the places there are, and what can be done to them: by main, or by the place that owns them. */
export class Estate {
  readonly #bus: PlaygroundBus;
  readonly #windows = new Windows();
  readonly #helper: Helper;
  readonly #nodes: Nodes;

  constructor(bus: PlaygroundBus, bridge: Bridge, nodes: Nodes) {
    this.#bus = bus;
    this.#helper = new Helper(bridge);
    this.#nodes = nodes;
  }

  /** Requests come from pages: a name is not a `PlaceName` because the types say so. */
  async act(action: Action, name: PlaceName): Promise<void> {
    if (!isPlace(name)) throw new RangeError(`there is no place '${String(name)}'`);
    switch (action) {
      case 'restore':
        return this.#restore(name);
      case 'end':
        return this.#end(name);
      case 'crash':
        return this.#crash(name);
      case 'reload':
        return this.#windows.reload(name);
      case 'navigate':
        return this.#windows.navigate(name);
      default:
        throw new RangeError(`there is no action '${String(action satisfies never)}'`);
    }
  }

  /** What is owned comes back with its owner. */
  async #restore(name: PlaceName): Promise<void> {
    if (isNode(name)) return this.#nodes.restore(name);
    const { owner, type } = places[name];
    if (owner === 'main') return type === 'window' ? this.#windows.restore(name) : this.#helper.start();
    if (!owner) throw new Error(`${name} is always there`);
    if (this.#bus.peers.named(owner).length === 0) return this.#restore(owner);
    return this.#bus.to(owner).request('place:child', name, 'restore');
  }

  async #end(name: PlaceName): Promise<void> {
    if (isNode(name)) return this.#nodes.stop(name);
    const { owner, type } = places[name];
    if (type === 'window') return this.#windows.close(name);
    if (owner === 'main') return this.#helper.kill();
    if (!owner) throw new Error(`${name} can't be ended`);
    return this.#bus.to(owner).request('place:child', name, 'end');
  }

  /** The whole process, and whoever else lives in it. */
  #crash(name: PlaceName): void {
    const [peer] = this.#bus.peers.named(name);
    if (!peer || peer.process.type === 'main') throw new Error(`${name} is not there to be crashed`);
    if (this.#windows.crash(peer.process.pid)) return;
    process.kill(peer.process.pid, 'SIGKILL');
  }
}
