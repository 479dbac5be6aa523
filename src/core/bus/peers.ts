import { invalid, show, type LeaveReason } from '../errors/mesh-error.js';
import type { Peer } from '../directory/peer.js';
import { checkFunction } from './caller.js';
import type { Mesh } from './mesh.js';

/** What `bus.peers.on()` tells, and what its listeners get. */
export interface PeerNewsMap {
  /** Somebody has joined. */
  join: (peer: Peer) => void;
  /** Somebody has left. Told once for each, after the last it had sent, and after what was pending with it has rejected. */
  leave: (peer: Peer, reason: LeaveReason) => void;
  /** Somebody listens to, or handles, other channels than before. */
  change: (peer: Peer) => void;
  /** Somebody to whom something was sent has not shown a sign of life for 1.5 to 2 seconds: it hangs, or is very busy. */
  unresponsive: (peer: Peer) => void;
  /** It has shown one. Nothing that waits for it was given up. */
  responsive: (peer: Peer) => void;
  /** The broker of Node peers is gone, and is looked for: until `fresh`, these are the peers there were. @param self this peer */
  stale: (self: Peer) => void;
  /** The broker is there again, and these are the peers there are. @param self this peer */
  fresh: (self: Peer) => void;
}

const names: readonly string[] = ['join', 'leave', 'change', 'unresponsive', 'responsive', 'stale', 'fresh'];

/** The other peers of the mesh, as this one may see them, kept up to date. */
export class Peers implements Iterable<Peer> {
  readonly #mesh: Mesh;

  /** @internal */
  constructor(mesh: Mesh) {
    this.#mesh = mesh;
  }

  /** How many there are. */
  get size(): number {
    return this.#mesh.directory.size;
  }

  /** Each of them, in no order to rely on. */
  *[Symbol.iterator](): Iterator<Peer> {
    for (const { peer } of this.#mesh.directory.entries()) yield peer;
  }

  /** The peer of that id, if it is there. */
  get(id: string): Peer | undefined {
    return this.#mesh.directory.get(id)?.peer;
  }

  /** Those who have chosen that name. */
  named(name: string): Peer[] {
    return this.#mesh.directory.named(name).map(({ peer }) => peer);
  }

  /** Those who handle requests on that channel. */
  handling(channel: string): Peer[] {
    return this.#mesh.directory.handling(channel).map(({ peer }) => peer);
  }

  /** Those who listen to events on that channel. */
  listening(channel: string): Peer[] {
    return this.#mesh.directory.listening(channel).map(({ peer }) => peer);
  }

  /**
   * Listens to who comes, goes and changes. What a listener throws goes to `bus.onError`.
   * @throws MeshError `INVALID_ARGUMENT` if there is no such news, or it is no function
   */
  on<K extends keyof PeerNewsMap>(news: K, listener: PeerNewsMap[K]): this {
    return this.#add('on', news, listener, false);
  }

  /** As `on`, once. */
  once<K extends keyof PeerNewsMap>(news: K, listener: PeerNewsMap[K]): this {
    return this.#add('once', news, listener, true);
  }

  /** Removes a listener. */
  off<K extends keyof PeerNewsMap>(news: K, listener: PeerNewsMap[K]): this {
    this.#mesh.news.remove(news, listener);
    return this;
  }

  #add(call: string, news: string, listener: PeerNewsMap[keyof PeerNewsMap], once: boolean): this {
    if (!names.includes(news)) throw invalid(`peers.${call}(${show(news)})`, `there is ${names.join(', ')}.`);
    checkFunction(`peers.${call}('${news}')`, listener);
    this.#mesh.news.add(news, listener, { once });
    return this;
  }
}
