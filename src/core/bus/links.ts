import { CURRENT } from '../broker/control.js';
import type { Seat } from '../broker/seat.js';
import type { Channels, Entry } from '../directory/entry.js';
import type { Limits } from '../directory/limits.js';
import { isOriginShown, type Peer } from '../directory/peer.js';
import { MeshError } from '../errors/mesh-error.js';
import { describeCall, type Call } from '../link/calls.js';
import { Link, type LinkOwner } from '../link/link.js';
import type { Flow } from '../link/flow.js';
import type { Turn } from '../link/turn.js';
import { closeRaw, type Port } from '../port/port.js';
import type { Platform } from './platform.js';

export interface LinksOptions {
  readonly self: Peer;
  /** What this peer announces: told to a peer that doesn't know it yet. */
  readonly own: Channels;
  readonly seat: Seat;
  readonly platform: Platform;
  /** Told by each link. */
  readonly owner: LinkOwner;
  readonly flow: Flow;
  readonly turn: Turn;
  /** Whether errors go to peers of other origins without stacks and paths. */
  readonly redact: boolean;
  readonly limits: Limits;
}

/** No two peers have had as many. Who claims it would make our own count, which we send, one that is no longer exact. */
const MOST_LINKS = 2 ** 50;

/** The links of a bus: opens them, takes those that peers open, and keeps one for each peer. */
export class Links implements Iterable<Link> {
  readonly #options: LinksOptions;
  readonly #links = new Set<Link>();

  constructor(options: LinksOptions) {
    this.#options = options;
  }

  [Symbol.iterator](): Iterator<Link> {
    return this.#links.values();
  }

  /** The link to a peer; opened, if there is none. */
  to(entry: Entry): Link {
    return entry.link ?? this.#open(entry);
  }

  /** A peer has opened a link. `known`: the number of our last announcement that it knew then. */
  accept(entry: Entry | undefined, epoch: number, known: number, raw: unknown): void {
    const { platform, own } = this.#options;
    if (!entry || (epoch < entry.epoch && epoch !== CURRENT) || epoch > MOST_LINKS) return closeRaw(raw);
    const port = platform.adopt(raw, entry.peer);
    if (epoch > entry.epoch) {
      entry.link?.end('lost'); // the peer has noticed before us
      entry.epoch = epoch;
    }
    if (entry.link) {
      if (entry.link.join(port)) return;
      if (epoch !== CURRENT) return port.close();
      // It has dialed again: it has lost the link, and noticed before us.
      entry.link.end('lost');
    }
    const link = this.#make(entry, port, false);
    // Its opener knows what we announced before it opened the link, unless that is still on the way through the broker.
    if (known < own.number) link.sendState(own.number, [...own.listens], [...own.handles]);
  }

  /** A link has ended. */
  remove(link: Link, entry: Entry | undefined): void {
    this.#links.delete(link);
    if (entry?.link !== link) return;
    entry.link = undefined;
    entry.epoch = link.epoch + 1;
    entry.silent = link.silent;
  }

  /** Keeps one end of a channel, to send on at once, and passes the other end on. */
  #open(entry: Entry): Link {
    const { platform, seat } = this.#options;
    const { peer } = entry;
    if (platform.dial) return this.#dial(entry, platform.dial(peer, entry.channels.number));
    const ends = platform.channel();
    const link = this.#make(entry, ends && platform.adopt(ends[0], peer), true);
    if (ends) seat.open(peer.id, entry.epoch, entry.channels.number, ends[1]);
    else this.#askForPort(entry, link);
    return link;
  }

  /** What is sent meanwhile waits in the link. Where the peer has dialed too, the link has both connections: see `Link`. */
  #dial(entry: Entry, dialed: Promise<object>): Link {
    const { platform } = this.#options;
    const link = this.#make(entry, undefined, true);
    dialed.then(
      (raw) => {
        const port = platform.adopt(raw, entry.peer);
        if (!link.join(port)) port.close();
      },
      // The peer's own connection may be there, and is enough.
      (cause: Error) => {
        if (link.connected) return;
        if (!MeshError.is(cause, 'BRIDGE_GONE')) return link.end('lost', unlinkedError(cause.message, cause));
        link.end('bridge-gone', (call) => staleError(describeCall(call), platform), staleError('drain()', platform));
      },
    );
    return link;
  }

  /** Only the broker can make a channel: what is sent meanwhile waits in the link. */
  #askForPort(entry: Entry, link: Link): void {
    const { platform, seat } = this.#options;
    seat.channel().then(
      ([near, far]) => {
        // The peer may have opened the link in the meantime, or it has ended.
        if (link.attach(platform.adopt(near, entry.peer))) {
          seat.open(entry.peer.id, link.epoch, entry.channels.number, far);
        } else {
          closeRaw(near);
        }
      },
      () => link.end('bridge-gone'),
    );
  }

  #make(entry: Entry, port: Port | undefined, opened: boolean): Link {
    const { owner, flow, turn, limits } = this.#options;
    const { peer, epoch, grant } = entry;
    const trusted = this.#trusts(entry);
    const own = { epoch, opened, redact: this.redacts(entry), trusted, grant, limits, flow, turn };
    const link = new Link(owner, peer, port, own);
    link.silent = entry.silent;
    entry.link = link;
    this.#links.add(link);
    return link;
  }

  /** Whether what is thrown here goes to that peer without stacks and paths. */
  redacts(entry: Entry): boolean {
    return this.#options.redact && !this.#trusts(entry);
  }

  /** Those of the own origin, main, and what main attached, but for those who may do less than send everything. */
  #trusts({ peer, grant }: Entry): boolean {
    const { origin } = this.#options.self;
    const same = peer.origin === origin && origin !== 'null' && isOriginShown(peer);
    return (same || peer.process.type !== 'renderer') && grant.send === undefined;
  }
}

/** What the calls on a link reject with that could not be made. */
export function unlinkedError(why: string, cause?: unknown): (call: Call) => MeshError {
  return (call) => {
    const text = `${describeCall(call)}: there is no connection to the peer: ${why}`;
    return new MeshError('PEER_GONE', text, { reason: 'lost', cause });
  };
}

/** What a call fails with that needs a broker which is being looked for. */
export function staleError(call: string, { gone }: Platform): MeshError {
  return new MeshError('BRIDGE_GONE', `${call}: ${gone}`);
}
