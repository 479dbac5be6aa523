import type { Directory } from '../directory/directory.js';
import { MeshError } from '../errors/mesh-error.js';
import type { Call } from '../link/calls.js';
import type { Link, LinkOwner } from '../link/link.js';
import type { MeshPort } from '../port/mesh-port.js';
import type { Dispatcher } from './dispatcher.js';
import type { Reports } from './reports.js';
import type { Requests } from './requests.js';

export interface ReceiverOwner {
  readonly directory: Directory;
  readonly dispatcher: Dispatcher;
  readonly requests: Requests;
  readonly reports: Reports;
  /** The last listener of a channel is gone. */
  unlisten(channel: string): void;
  adoptPort: LinkOwner['adopt'];
  responsive: LinkOwner['responsive'];
  linkEnded: LinkOwner['linkEnded'];
}

/** What the links of a bus tell, brought to whom it concerns. */
export class Receiver implements LinkOwner {
  readonly #owner: ReceiverOwner;

  constructor(owner: ReceiverOwner) {
    this.#owner = owner;
  }

  event(link: Link, channel: string, args: unknown[]): void {
    if (this.#owner.dispatcher.event(link, channel, args)) this.#owner.unlisten(channel);
  }

  request(link: Link, id: number, channel: string, args: unknown[]): void {
    this.#owner.dispatcher.request(link, id, channel, args);
  }

  stream(link: Link, id: number, channel: string, args: unknown[], credit: number): void {
    this.#owner.dispatcher.request(link, id, channel, args, credit);
  }

  port(link: Link, id: number, channel: string, args: unknown[], port: MeshPort): void {
    this.#owner.dispatcher.port(link, id, channel, args, port);
  }

  missed(link: Link, call: Call, args: unknown[]): void {
    this.#owner.requests.passOn(call, link, args);
  }

  changes(link: Link, first: number, changes: readonly unknown[]): boolean {
    const entry = this.#owner.directory.get(link.peer.id);
    return !entry || this.#owner.directory.change(entry, first, changes);
  }

  state(link: Link, number: unknown, listens: unknown, handles: unknown): boolean {
    const entry = this.#owner.directory.get(link.peer.id);
    return !entry || this.#owner.directory.state(entry, number, listens, handles);
  }

  released(call: Call): void {
    this.#owner.requests.released(call);
  }

  unreadable(link: Link, channel: string, error: MeshError): void {
    this.#owner.reports.dropped(link.peer, 1, channel, error);
  }

  refused(link: Link, channel: string, error: MeshError, count: number): void {
    if (isTold(count)) this.#owner.reports.failed(error, link.peer, channel);
  }

  malformed(link: Link, problem: string, count: number): void {
    if (!isTold(count)) return;
    const text = `link with ${link.peer.name} (${link.peer.id}): ${problem}; ignored, the ${count}. of its kind.`;
    this.#owner.reports.failed(new MeshError('PROTOCOL', text), link.peer, undefined);
  }

  responsive(link: Link): void {
    this.#owner.responsive(link);
  }

  adopt(link: Link, raw: object, opened: boolean): MeshPort {
    return this.#owner.adoptPort(link, raw, opened);
  }

  linkEnded(link: Link, reason: Parameters<LinkOwner['linkEnded']>[1], lost: number): void {
    this.#owner.linkEnded(link, reason, lost);
  }
}

/** The first, the second, the fourth …: a flood of nonsense must not become a flood of reports. */
function isTold(count: number): boolean {
  return (count & (count - 1)) === 0;
}
