import type { Peer } from '../../../src/core/directory/peer.js';
import type { LeaveReason } from '../../../src/core/errors/mesh-error.js';
import type { Call } from '../../../src/core/link/calls.js';
import { Link, type LinkOwner } from '../../../src/core/link/link.js';
import { Turn } from '../../../src/core/link/turn.js';
import type { Port } from '../../../src/core/port/port.js';

export function peer(name: string, more: Partial<Peer> = {}): Peer {
  return {
    id: `id-${name}`,
    name,
    type: 'window',
    origin: 'app://test',
    process: { type: 'renderer', id: 'r1', pid: 1 },
    ...more,
  };
}

/** One side of a link, with an owner that writes down what it is told. */
export class LinkSide implements LinkOwner {
  readonly link: Link;
  readonly told: unknown[][] = [];
  /** Answers requests. Default: they are left unanswered. */
  onRequest: ((id: number, channel: string, args: unknown[]) => void) | undefined;

  constructor(port: Port, name = 'far', redact = false) {
    this.link = new Link(this, peer(name), port, { epoch: 0, opened: true, redact, trusted: true, turn: new Turn() });
  }

  /** What it was told of one kind. */
  of(kind: string): unknown[][] {
    return this.told.filter(([each]) => each === kind).map(([, ...rest]) => rest);
  }

  request_(channel: string, ...args: unknown[]): Promise<unknown> {
    const promise = new Promise((resolve) => {
      const call: Call = {
        channel,
        timeout: Infinity,
        signal: undefined,
        link: undefined,
        id: 0,
        started: undefined,
        copies: undefined,
        resolve,
      };
      this.link.sendRequest(call, args);
    });
    promise.catch(() => {}); // looked at later
    return promise;
  }

  send(channel: string, ...args: unknown[]): void {
    this.link.sendEvent(channel, args, undefined);
  }

  event(_: Link, channel: string, args: unknown[]): void {
    this.told.push(['event', channel, ...args.slice(1)]);
  }

  request(_: Link, id: number, channel: string, args: unknown[]): void {
    this.told.push(['request', id, channel, ...args.slice(1)]);
    this.onRequest?.(id, channel, args);
  }

  missed(_: Link, call: Call, args: unknown[]): void {
    this.told.push(['missed', call.channel, ...args]);
  }

  changes(_: Link, first: number, changes: readonly unknown[]): boolean {
    this.told.push(['changes', first, changes]);
    return true;
  }

  state(_: Link, ...state: unknown[]): boolean {
    this.told.push(['state', ...state]);
    return true;
  }

  released(call: Call): void {
    this.told.push(['released', call.channel]);
  }

  unreadable(_: Link, channel: string, error: Error): void {
    this.told.push(['unreadable', channel, error]);
  }

  malformed(_: Link, problem: string, count: number): void {
    this.told.push(['malformed', problem, count]);
  }

  linkEnded(_: Link, reason: LeaveReason, lost: number): void {
    this.told.push(['ended', reason, lost]);
  }
}
