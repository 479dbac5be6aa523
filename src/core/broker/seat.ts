import { MeshError, type LeaveReason, type MeshErrorCode } from '../errors/mesh-error.js';
import type { Grant } from '../directory/grant.js';
import type { Peer } from '../directory/peer.js';
import { closeAll, type Port } from '../port/port.js';
import { WIRE_VERSION } from '../wire/frames.js';
import { within, type Patience } from '../within.js';
import * as control from './control.js';

/** What the broker tells a peer. Comes from a trusted side: it is not checked again. */
export interface SeatListener {
  join(peer: Peer, grant: Grant): void;
  leave(id: string, reason: LeaveReason): void;
  change(id: string, first: number, changes: readonly unknown[]): void;
  link(from: string, epoch: number, known: number, port: unknown): void;
  unlinked(to: string, epoch: number, why: string | undefined): void;
  state(id: string, number: number, listens: unknown, handles: unknown): void;
  /** The broker is gone, or is there again. */
  stale(is: boolean): void;
  /** The seat is no more: the broker ended it, or is gone itself. */
  ended(reason: LeaveReason, detail: string): void;
}

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A peer's seat in the mesh: its side of the control port. */
export class Seat {
  readonly #port: Port;
  readonly #outbox: control.ControlOutbox;
  readonly #waiting = new Map<number, Waiting>();
  #listener: SeatListener | undefined;
  #token = 0;
  #ended = false;

  constructor(port: Port) {
    this.#port = port;
    this.#outbox = new control.ControlOutbox(port);
  }

  /** To be called at once, when the seat is taken. */
  start(listener: SeatListener): void {
    this.#listener = listener;
  }

  changes(first: number, changes: readonly unknown[]): void {
    this.#outbox.post([control.CHANGES, first, changes]);
  }

  open(to: string, epoch: number, known: number, port: object): void {
    this.#outbox.post([control.OPEN, to, epoch, known], port);
  }

  /** Resolves when all that the broker knew at the call has been told here. */
  async sync(): Promise<void> {
    await this.#ask(control.SYNC);
  }

  /** Resolves when every responsive peer knows what was announced before the call. */
  async confirm(): Promise<void> {
    await this.#ask(control.CONFIRM);
  }

  /** Resolves with the two ends of a fresh channel, where the platform can't make one itself. */
  async channel(): Promise<readonly [object, object]> {
    return (await this.#ask(control.CHANNEL)) as [object, object];
  }

  /** Resolves with the broker's state, as plain data. */
  query(): Promise<unknown> {
    return this.#ask(control.QUERY);
  }

  /** Leaves in order. Idempotent. */
  bye(): void {
    if (this.#ended) return;
    this.#outbox.post([control.BYE]);
    this.#outbox.flush();
    this.#end();
  }

  /** Takes one post of the broker. */
  receive(messages: unknown, ports: readonly unknown[]): void {
    if (!Array.isArray(messages)) return;
    for (const message of messages as unknown[][]) {
      if (this.#ended) return closeAll(ports);
      this.#dispatch(message, ports);
    }
  }

  /** The control port closed without a word: the broker is gone. */
  lost(): void {
    this.#finish('bridge-gone', 'its process is gone');
  }

  #ask(kind: number): Promise<unknown> {
    if (this.#ended) return Promise.reject(new MeshError('CLOSED', 'this bus is closed. Connect again.'));
    const token = ++this.#token;
    this.#outbox.post([kind, token]);
    return new Promise((resolve, reject) => this.#waiting.set(token, { resolve, reject }));
  }

  #dispatch(message: readonly unknown[], ports: readonly unknown[]): void {
    const listener = this.#listener as SeatListener;
    const [kind, a, b, c, d] = message;
    switch (kind) {
      case control.JOIN:
        return listener.join(a as Peer, b as Grant);
      case control.LEAVE:
        return listener.leave(a as string, b as LeaveReason);
      case control.CHANGE:
        return listener.change(a as string, b as number, c as unknown[]);
      case control.LINK:
        return listener.link(a as string, b as number, c as number, ports[0]);
      case control.UNLINKED:
        return listener.unlinked(a as string, b as number, c as string | undefined);
      case control.STATE:
        return listener.state(a as string, b as number, c, d);
      case control.STALE:
        return listener.stale(a as boolean);
      case control.ASK:
        return this.#outbox.post([control.TOLD, a]);
      case control.CHANNEL:
        return this.#take(a)?.resolve(ports);
      case control.SYNCED:
      case control.CONFIRMED:
      case control.QUERY:
        return this.#take(a)?.resolve(b);
      case control.FAILED:
        return this.#take(a)?.reject(new MeshError(b as MeshErrorCode, String(c)));
      case control.END:
        return this.#finish(a as LeaveReason, b as string);
    }
  }

  #take(token: unknown): Waiting | undefined {
    const waiting = this.#waiting.get(token as number);
    this.#waiting.delete(token as number);
    return waiting;
  }

  #finish(reason: LeaveReason, detail: string): void {
    if (this.#ended) return;
    this.#end();
    this.#listener?.ended(reason, detail);
  }

  #end(): void {
    this.#ended = true;
    this.#port.close();
    const error = new MeshError('CLOSED', 'this bus was closed before everybody had been told');
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/**
 * Waits on a fresh control port for the broker's answer. The port is closed when it isn't WELCOME.
 *
 * @param begin starts the seat, and makes of it what the promise resolves with
 */
export function takeSeat<T>(
  port: Port,
  patience: Patience,
  begin: (seat: Seat, welcome: control.Welcome) => T,
): Promise<T> {
  const { call, timeout } = patience;
  const late = (): string =>
    `the bridge did not answer within ${timeout} ms. Is createBridge() called in the main process, and is main blocked?`;
  const seat = new Seat(port);
  let joined = false;
  const wait = (resolve: (value: T) => void, reject: (error: unknown) => void): void =>
    port.start({
      message(data, ports) {
        if (joined) return seat.receive(data, ports);
        const [first, ...rest] = Array.isArray(data) ? (data as unknown[][]) : [];
        const answer = first && readAnswer(first, call);
        if (answer === undefined) return; // nothing a broker says
        if (answer instanceof MeshError) return reject(answer);
        joined = true;
        // At once: what comes behind the answer, be it in the same post, finds somebody who listens.
        resolve(begin(seat, answer));
        seat.receive(rest, ports);
      },
      unreadable() {},
      close() {
        if (joined) seat.lost();
        else reject(new MeshError('BRIDGE_GONE', `${call}: the bridge closed the connection before it answered.`));
      },
    });
  return within(patience, late, wait, () => port.close());
}

/** The broker's default policy refused: who owns the peer may still let it in. */
export class NotFinal extends MeshError {}

function readAnswer(message: readonly unknown[], call: string): control.Welcome | MeshError | undefined {
  if (message[0] === control.REFUSED) {
    const kind = message[3] === false ? NotFinal : MeshError;
    return new kind(message[1] as MeshErrorCode, `${call}: ${String(message[2])}`);
  }
  if (message[0] !== control.WELCOME) return undefined;
  const welcome = message[1] as control.Welcome;
  if (welcome.version === WIRE_VERSION) return welcome;
  return new MeshError(
    'VERSION_MISMATCH',
    `${call}: the bridge speaks version ${welcome.version} of the wire, this side ${WIRE_VERSION}. Use one version of ` +
      `portmesh in main and in the pages.`,
  );
}
