import type { Directory } from '../directory/directory.js';
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
    let full: Link[] | undefined;
    try {
      for (const entry of receivers) {
        const link = links.to(entry);
        if (link.full) (full ??= []).push(link);
        else if (!(broadcast && link.open && link.share(broadcast))) this.#sendOn(link, channel, args, copies);
      }
    } finally {
      for (const link of corked) link.uncork();
    }
    if (full) this.#onFull(full, channel, receivers.length);
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

  #sendOn(link: Link, channel: string, args: readonly unknown[], copies: readonly unknown[] | undefined): void {
    if (!link.open) {
      letGo(args);
      return this.#options.reports.dropped(link.peer, 1, channel, goneError(`send('${channel}')`, 'lost'));
    }
    try {
      link.sendEvent(channel, args, copies);
    } catch (error) {
      throw unsendable(channel, error, ` to ${link.peer.name} (${link.peer.id})`);
    }
  }

  /** Nothing was sent to those. A slow receiver doesn't keep the others from theirs. */
  #onFull(links: readonly Link[], channel: string, receivers: number): void {
    const errors = links.map((link) => fullError(`send('${channel}')`, link.pending, link.peer));
    if (links.length === receivers) throw errors[0];
    const { reports } = this.#options;
    links.forEach(({ peer }, index) => reports.dropped(peer, 1, channel, errors[index] as MeshError));
  }
}

function unsendable(channel: string, error: unknown, whom = ''): MeshError {
  return notCloneable(error, `send('${channel}')${whom}: an argument can't be sent: `);
}
