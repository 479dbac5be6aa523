import type { Directory } from '../directory/directory.js';
import type { Peer } from '../directory/peer.js';
import { invalid, notCloneable, type MeshError } from '../errors/mesh-error.js';
import { goneError } from '../link/calls.js';
import type { Link } from '../link/link.js';
import type { Turn } from '../link/turn.js';
import { capture } from '../wire/capture.js';
import { moves } from '../wire/payload.js';
import { letGo } from './hold.js';
import type { Links } from './links.js';
import type { Reports } from './reports.js';
import { fullError } from './request.js';
import { noPeer, peersOf, select, type Target } from './target.js';

export interface SendingOptions {
  readonly directory: Directory;
  readonly links: Links;
  readonly reports: Reports;
  readonly turn: Turn;
}

/** The events that a bus sends. */
export class Sending {
  readonly #options: SendingOptions;

  constructor(options: SendingOptions) {
    this.#options = options;
  }

  /** To each peer meant that listens to the channel. Throws, if nothing was sent to anybody. */
  send(target: Target, channel: string, args: readonly unknown[]): void {
    const { directory, links, turn } = this.#options;
    const receivers = select(target, directory.listening(channel));
    if (receivers.length !== 1) this.#checkReceivers(target, channel, args, receivers.length);
    if (receivers.length === 0) return;
    let copies: unknown[] | undefined;
    try {
      copies = capture(args);
    } catch (error) {
      throw unsendable(channel, error); // a getter threw
    }
    const broadcast = copies && receivers.length > 1 ? turn.gather(channel, copies) : undefined;
    // Each post to one may run code that sends to all: behind this, also to those whose turn comes later.
    const corked =
      copies || receivers.length === 1 ? [] : receivers.map((entry) => links.to(entry)).filter((link) => link.cork());
    let failed: Map<Peer, MeshError> | undefined;
    try {
      for (const entry of receivers) {
        const link = links.to(entry);
        if (broadcast && !link.full && link.open && link.share(broadcast)) continue;
        const error = this.#sendOn(link, channel, args, copies);
        if (error) (failed ??= new Map()).set(link.peer, error);
      }
    } finally {
      for (const link of corked) link.uncork();
    }
    if (failed) this.#onFailed(failed, channel, receivers.length);
  }

  #checkReceivers(target: Target, channel: string, args: readonly unknown[], count: number): void {
    const { directory } = this.#options;
    const call = `send('${channel}')`;
    if (count === 0 && target !== undefined && peersOf(target, directory).length === 0) {
      throw noPeer(call, target, directory);
    }
    if (!moves(args)) return;
    throw invalid(
      call,
      `what moves needs exactly one receiver, and ${count} peers listen. Choose one with to(peer), or send a copy, ` +
        `without transfer().`,
    );
  }

  /** Returns why nothing was sent. */
  #sendOn(
    link: Link,
    channel: string,
    args: readonly unknown[],
    copies: readonly unknown[] | undefined,
  ): MeshError | undefined {
    const { peer } = link;
    if (link.full) return fullError(`send('${channel}')`, link.pending, peer);
    try {
      if (link.open) link.sendEvent(channel, args, copies);
      else {
        letGo(args);
        this.#options.reports.dropped(peer, 1, channel, goneError(`send('${channel}')`, 'lost'));
      }
      return undefined;
    } catch (error) {
      return unsendable(channel, error, ` to ${peer.name} (${peer.id})`);
    }
  }

  /** Nothing was sent to those. A slow receiver, or one whose port can't carry this, doesn't keep the others from theirs. */
  #onFailed(failed: ReadonlyMap<Peer, MeshError>, channel: string, receivers: number): void {
    for (const [peer, error] of failed) {
      if (failed.size === receivers) throw error;
      this.#options.reports.dropped(peer, 1, channel, error);
    }
  }
}

function unsendable(channel: string, error: unknown, whom = ''): MeshError {
  return notCloneable(error, `send('${channel}')${whom}: an argument can't be sent: `);
}
