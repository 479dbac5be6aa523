// What two sides say to each other on one port:
//
//  1. All of Comlink's endpoints share it, a number each: 0 is the object that was wrapped, others are made as proxies and endpoints
//     are passed. Each side counts those it makes; a number is sent as it is for the receiver: below 0, if it is the sender's.
//  2. A post is flat: [seen, lane, kind, payload, lane, kind, payload, …]. Small plain messages of a turn leave in one; all others
//     are posted at once, alone. See capture.ts.
//  3. `seen` is how many posts of the other side have arrived. One that can't be read is answered with its number, and what was
//     called, or answered, with it fails. So the sender remembers those posts until they are seen.
//  4. A lane ends behind the answer to Comlink's RELEASE, or by CLOSED; the port is closed with its last lane.

import { expose } from 'comlink';
import type { Peer } from '../core/directory/peer.js';
import { MeshError, type LeaveReason } from '../core/errors/mesh-error.js';
import type { MeshPort } from '../core/port/mesh-port.js';
import { heldPort, isPortHolder, type PortHolder } from '../core/port/port-holder.js';
import { closeAll } from '../core/port/port.js';
import { startTimer, type Timer } from '../core/timer.js';
import { captureOne, uncaptured } from '../core/wire/capture.js';
import { lift, restore } from '../core/wire/lift.js';
import { Lane, type LaneOwner, type Why } from './lane.js';
import { handled, isRequest, proxied, type Message } from './protocol.js';
import { exposedOn } from './proxies.js';
import { relay } from './relay.js';

const MESSAGE = 0;
/** A message with lanes in it: [message, placeholders, numbers], see lift.ts. */
const LANES = 1;
const CLOSED = 2;
const UNREADABLE = 3;
const BYE = 4;
/** Says no more than `seen`. */
const SEEN = 5;

/** Parts of a post at most: sender and receiver shall overlap. */
const FULL = 3 * 512;
/** Posts that arrive until the other side is told, if nothing else is. */
const TELL = 64;
/** How long to wait, between a port's close and its peer's leave, for the other one: the first knows no reason, the second may overtake. */
const LINGER_MS = 235;

/** Who has the lines of a bus. */
export interface LineOwner {
  add(line: Line): void;
  delete(line: Line): void;
  report(error: MeshError, line: Line): void;
  whyLeft(id: string): LeaveReason | undefined;
}

/** Proxies and ports in one message at most. */
const MAX_LANES = 10_000;

/** What a side of a line is for. */
export interface LineOptions {
  /** Whether an object is exposed on this side, and not on the other one. */
  readonly serves: boolean;
  /** The object. */
  readonly object?: object;
  readonly onEnd?: () => void;
}

/** A post that went alone, and may be unreadable there. */
interface Lone {
  readonly lane: Lane;
  readonly id: unknown;
  readonly isCall: boolean;
  readonly made: readonly Lane[];
}

export class Line implements LaneOwner {
  readonly name: string;
  readonly peer: Peer;
  readonly serves: boolean;
  readonly root: Lane;
  readonly #owner: LineOwner;
  readonly #port: MeshPort;
  readonly #lanes = new Map<number, Lane>();
  #last = 0;
  #batch: unknown[] = [];
  #sent = 0;
  #seen = 0;
  #told = 0;
  readonly #alone = new Map<number, Lone>();
  #reason: LeaveReason | undefined;
  #closed = false;
  #timer: Timer | undefined;
  readonly #onEnd: (() => void) | undefined;
  #ended = false;

  /**
   * @param port it belongs to the line from now on
   * @param peer at its other end
   */
  constructor(owner: LineOwner, port: MeshPort, peer: Peer, name: string, { serves, object, onEnd }: LineOptions) {
    this.#owner = owner;
    this.#port = port;
    this.peer = peer;
    this.name = name;
    this.serves = serves;
    this.#onEnd = onEnd;
    this.root = this.#add(0, object);
    if (object) expose(object, this.root as never);
    owner.add(this);
    port.addEventListener('message', ({ data, ports }) => this.#onMessage(data, ports));
    port.addEventListener('messageerror', () => this.#push(0, UNREADABLE, ++this.#seen));
    port.addEventListener('close', ({ reason }) => {
      this.#closed = true;
      this.#gone(reason === 'evicted' ? reason : owner.whyLeft(peer.id));
    });
    port.start();
  }

  /** Endpoints on it, and calls under way to the other side. */
  get load(): { readonly endpoints: number; readonly calls: number } {
    let calls = 0;
    for (const lane of this.#lanes.values()) calls += lane.calls;
    return { endpoints: this.#lanes.size, calls };
  }

  describe(call: string): string {
    return `${call} on ${this.peer.name} (${this.peer.id})`;
  }

  report(error: MeshError): void {
    this.#owner.report(error, this);
  }

  malformed(what: string): void {
    this.report(new MeshError('PROTOCOL', `${this.describe(this.name)}: ${what} that makes no sense. It is ignored.`));
  }

  // ---- sending

  /**
   * @param endpoint whether it answers a request for an endpoint
   * @throws MeshError `NOT_CLONEABLE`; nothing has been sent or moved then
   */
  post(lane: Lane, data: unknown, transfer: readonly object[] = [], endpoint = false): void {
    const copy = transfer.length > 0 ? uncaptured : captureOne(data);
    if (copy !== uncaptured) return this.#push(lane.id, MESSAGE, copy);
    const message = Object(data) as Message;
    const ports = new Set(transfer.filter(isPlatformPort));
    const own = ports.size === 0 || endpoint ? ports : handled(message, ports);
    const mine = [...ports].filter((port) => own.has(port) || exposedOn(port));
    this.#send(lane, message, data, mine, transfer);
  }

  #send(lane: Lane, message: Message, data: unknown, ports: readonly object[], transfer: readonly object[]): void {
    const made = ports.map((port) => this.#laneFor(port));
    try {
      const { values, placeholders } = lift([data], ports);
      const ids = made.map(({ id }) => id);
      this.#alonePost(
        lane,
        message,
        made,
        ids.length > 0 ? [LANES, [values[0], placeholders, ids]] : [MESSAGE, data],
        transfer.filter((each) => !ports.includes(each)),
      );
    } catch (error) {
      for (const each of made) this.#drop(each);
      throw error;
    }
  }

  #alonePost(lane: Lane, message: Message, made: readonly Lane[], parts: unknown[], transfer: readonly object[]): void {
    this.#flush();
    this.#port.postMessage([this.#seen, 0 - lane.id, ...parts], transfer);
    this.#told = this.#seen;
    this.#alone.set(++this.#sent, { lane, id: message.id, isCall: isRequest(message), made });
  }

  #push(lane: number, kind: number, payload: unknown): void {
    if (this.#batch.length === 0) queueMicrotask(() => this.#flush());
    this.#batch.push(0 - lane, kind, payload);
    if (this.#batch.length >= FULL) this.#flush();
  }

  /** As it is, past what a MeshPort looks for: all of it has been copied. */
  #flush(): void {
    if (this.#batch.length === 0) return;
    const batch = this.#batch;
    this.#batch = [];
    batch.unshift((this.#told = this.#seen));
    this.#sent++;
    (this.#port as unknown as PortHolder)[heldPort]?.post(batch);
  }

  /** The other side gets an endpoint of its own to an object that is exposed. */
  answerEndpoint(lane: Lane, id: unknown, object: object): void {
    const made = this.#exposing(object);
    const place = {};
    const answer = { id, type: 'RAW', value: place };
    this.#alonePost(lane, answer, [made], [LANES, [answer, [place], [made.id]]], []);
  }

  #laneFor(port: object): Lane {
    const object = exposedOn(port);
    if (!object) return this.#relay(this.#add(++this.#last), port as MessagePort);
    (port as MessagePort).close();
    return this.#exposing(object);
  }

  #relay(lane: Lane, port: MessagePort): Lane {
    return relay(lane, port, () => this.remove(lane, released, false));
  }

  #exposing(object: object): Lane {
    const lane = this.#add(++this.#last, object);
    expose(object, lane as never);
    return lane;
  }

  #add(id: number, object?: object): Lane {
    const lane = new Lane(this, id, id === 0 ? this.name : `proxy of ${this.name}`, object);
    this.#lanes.set(id, lane);
    return lane;
  }

  // ---- receiving

  #onMessage(data: unknown, ports: readonly MeshPort[]): void {
    this.#seen++;
    const parts = data as unknown[];
    const seen: unknown = Array.isArray(data) && data.length % 3 === 1 ? data[0] : undefined;
    if (typeof seen !== 'number') {
      closeAll(ports);
      return this.malformed('a post');
    }
    for (let at = 1; at < parts.length && !this.#ended; at += 3) {
      if (!this.#read(parts[at], parts[at + 1], parts[at + 2])) return this.malformed('a message');
    }
    // Behind what says that one of them could not be read.
    for (const number of this.#alone.keys()) {
      if (number > seen) break;
      this.#alone.delete(number);
    }
    if (this.#seen - this.#told >= TELL) this.#push(0, SEEN, 0);
  }

  /** False if it makes no sense. */
  #read(id: unknown, kind: unknown, payload: unknown): boolean {
    const lane = this.#lanes.get(id as number);
    switch (kind) {
      case MESSAGE:
        lane?.receive(payload);
        return true;
      case LANES:
        return this.#readLanes(lane, payload);
      case CLOSED:
        if (lane) this.remove(lane, (call) => new MeshError('CLOSED', `${call}: the other side has closed it.`));
        return true;
      case UNREADABLE:
        return this.#unread(payload as number);
      case BYE:
        this.end((call) => new MeshError('CLOSED', `${call}: it is no longer exposed there. wrap() again when it is.`));
        return true;
      default:
        return kind === SEEN;
    }
  }

  #readLanes(lane: Lane | undefined, payload: unknown): boolean {
    const [data, placeholders, ids] = (Array.isArray(payload) ? payload : []) as [unknown, unknown[], number[]];
    if (!Array.isArray(ids) || !Array.isArray(placeholders) || ids.length > MAX_LANES) return false;
    const fits = (id: number): boolean => Number.isSafeInteger(id) && id > 0 && !this.#lanes.has(-id);
    if (![...ids].every(fits) || new Set(ids).size !== placeholders.length) return false;
    if (!lane) {
      // It has ended meanwhile.
      for (const id of ids) this.#push(-id, CLOSED, 0);
      return true;
    }
    const stock = lane.relayed ? none : proxied(Object(data) as Message);
    const made = ids.map((id) => this.#add(-id));
    const ports: object[] = [];
    const places = made.map((each, i) => (stock.has(placeholders[i]) ? each : this.#portOf(each, ports)));
    const restored = restore([data], placeholders, places);
    if (restored) lane.receive(restored[0], ports);
    else for (const each of made) this.#drop(each);
    return restored !== undefined;
  }

  /** One of the platform, for whoever wants nothing else. */
  #portOf(lane: Lane, ports: object[]): object {
    const { port1, port2 } = new MessageChannel();
    this.#relay(lane, port2);
    ports.push(port1);
    return port1;
  }

  #unread(number: number): boolean {
    const lone = this.#alone.get(number);
    if (!lone) return false;
    this.#alone.delete(number);
    for (const each of lone.made) this.#drop(each);
    lone.lane.unread(lone.id, lone.isCall);
    return true;
  }

  // ---- the end

  /** @param told whether the other side knows */
  remove(lane: Lane, why: Why = released, told = true): void {
    if (!this.#lanes.delete(lane.id)) return;
    if (!told) this.#push(lane.id, CLOSED, 0);
    lane.end(why, false);
    if (this.#lanes.size === 0) this.end(released);
  }

  /** It has come to nothing. */
  #drop(lane: Lane): void {
    this.#lanes.delete(lane.id);
    lane.end(released);
  }

  /** The peer has left. */
  left(reason: LeaveReason): void {
    this.#gone(reason);
  }

  #gone(reason: LeaveReason | undefined): void {
    this.#reason = reason ?? this.#reason;
    if (this.#reason === 'evicted' || (this.#closed && this.#reason)) this.#lost();
    else this.#timer ??= startTimer(LINGER_MS, () => this.#lost());
  }

  #lost(): void {
    const reason = this.#reason ?? 'lost';
    this.end(
      (call) =>
        new MeshError('PEER_GONE', `${call}: the peer is gone (${reason}). wrap() again when it is back.`, { reason }),
    );
  }

  /** The object is no longer exposed. */
  bye(): void {
    this.#push(0, BYE, 0);
    this.end((call) => new MeshError('CLOSED', `${call}: it is no longer exposed.`));
  }

  /** Ends it, in order: everything pending rejects, both ways. Idempotent. */
  end(why: Why): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timer?.stop();
    for (const lane of this.#lanes.values()) lane.end(why);
    this.#lanes.clear();
    this.#alone.clear();
    this.#flush();
    this.#port.close();
    this.#owner.delete(this);
    this.#onEnd?.();
  }
}

const none: ReadonlySet<unknown> = new Set();

const released: Why = (call) => new MeshError('CLOSED', `${call}: it has been released.`);

/** Those of the mesh, and main's own, move as they are. */
function isPlatformPort(each: object): boolean {
  return 'onmessageerror' in each && !isPortHolder(each);
}
