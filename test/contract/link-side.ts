import { defaultLimits } from '../../src/core/directory/limits.js';
import type { Peer } from '../../src/core/directory/peer.js';
import type { LeaveReason } from '../../src/core/errors/mesh-error.js';
import type { Call } from '../../src/core/link/calls.js';
import { defaultFlow } from '../../src/core/link/flow.js';
import { Link, type LinkOptions, type LinkOwner } from '../../src/core/link/link.js';
import { Turn } from '../../src/core/link/turn.js';
import { MeshPort } from '../../src/core/port/mesh-port.js';
import type { Port } from '../../src/core/port/port.js';
import { REQUEST } from '../../src/core/wire/frames.js';

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

  constructor(port: Port | undefined, name = 'far', options: Partial<LinkOptions> = {}) {
    this.link = new Link(this, peer(name), port, {
      epoch: 0,
      opened: true,
      redact: false,
      trusted: true,
      grant: {},
      limits: defaultLimits,
      flow: defaultFlow,
      turn: new Turn(),
      ...options,
    });
  }

  /** What it was told of one kind. */
  of(kind: string): unknown[][] {
    return this.told.filter(([each]) => each === kind).map(([, ...rest]) => rest);
  }

  /** Makes a call: of `more`, its kind and what belongs to that. */
  ask(more: Partial<Call>, channel: string, ...args: unknown[]): { promise: Promise<unknown>; call: Call } {
    let call!: Call;
    const promise = new Promise((resolve) => {
      call = {
        kind: REQUEST,
        channel,
        timeout: Infinity,
        signal: undefined,
        link: undefined,
        id: 0,
        started: undefined,
        copies: undefined,
        resolve,
        ...more,
      };
      this.link.sendCall(call, args);
    });
    promise.catch(() => {}); // looked at later
    return { promise, call };
  }

  request_(channel: string, ...args: unknown[]): Promise<unknown> {
    return this.ask({}, channel, ...args).promise;
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

  stream(_: Link, id: number, channel: string, args: unknown[], credit: number): void {
    this.told.push(['stream', id, channel, credit, ...args.slice(1)]);
  }

  port(_: Link, id: number, channel: string, args: unknown[], port: MeshPort): void {
    this.told.push(['port', id, channel, port, ...args.slice(1)]);
  }

  adopt(_: Link, raw: object): MeshPort {
    return new MeshPort(raw as Port, (other) => other as Port);
  }

  refused(_: Link, channel: string, error: Error, count: number): void {
    this.told.push(['refused', channel, error, count]);
  }

  responsive(link: Link): void {
    link.silent = false;
    this.told.push(['responsive']);
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
