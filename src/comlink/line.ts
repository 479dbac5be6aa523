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
import { startWith, type MeshPort } from '../core/port/mesh-port.js';
import { heldPort, isPortHolder, type PortHolder } from '../core/port/port-holder.js';
import { closeAll } from '../core/port/port.js';
import { startTimer, type Timer } from '../core/timer.js';
import { captureOne, uncaptured } from '../core/wire/capture.js';
import { lift, restore } from '../core/wire/lift.js';
import { Lane, type LaneOwner, type Why } from './lane.js';
import { handled, isRequest, proxied, type Message } from './protocol.js';
import { isOffered, takeFrom } from './proxies.js';
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
  redacts(peer: Peer): boolean;
}

/** Endpoints on one port at most, both sides' together: each costs about a kilobyte here, and a peer may ask for them. */
const MAX_LANES = 100_000;

/** What a side of a line is for. */
export interface LineOptions {
  /** Whether an object is exposed on this side, and not on the other one. */
  readonly serves: boolean;
  /** The object. */
  readonly object?: object;
  /** Lines that it is one of, until it ends. */
  readonly among?: Set<Line>;
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
  readonly redact: boolean;
  /** What the peer, or this one, has exposed under the name. */
  readonly root: Lane;
  /** All that is exposed and wrapped. */
  readonly lanes = new Map<number, Lane>();
  readonly #owner: LineOwner;
  readonly #port: MeshPort;
  readonly #among: Set<Line> | undefined;
  #made = 0;
  #batch: unknown[] = [];
  #sent = 0;
  #seen = 0;
  #told = 0;
  readonly #alone = new Map<number, Lone>();
  #reason: LeaveReason | undefined;
  #closed = false;
  #timer: Timer | undefined;
  #ended = false;

  /**
   * @param port it belongs to the line from now on
   * @param peer at its other end
   */
  constructor(owner: LineOwner, port: MeshPort, peer: Peer, name: string, { serves, object, among }: LineOptions) {
    this.#owner = owner;
    this.#port = port;
    this.peer = peer;
    this.name = name;
    this.redact = owner.redacts(peer);
    this.#among = among?.add(this);
    this.root = this.#add(0, serves, object);
    owner.add(this);
    startWith(port, {
      message: (data, ports) => this.#onMessage(data, ports),
      unreadable: () => this.#push(0, UNREADABLE, ++this.#seen),
      close: (reason) => {
        this.#closed = true;
        this.gone(reason === 'evicted' ? reason : owner.whyLeft(peer.id));
      },
    });
  }

  describe(call: string): string {
    return `${call} on ${this.peer.name} (${this.peer.id})`;
  }

  malformed(): void {
    const text = `${this.describe(this.name)}: a message that makes no sense is ignored.`;
    this.#owner.report(new MeshError('PROTOCOL', text), this);
  }

  // ---- sending

  /** @throws MeshError `NOT_CLONEABLE`; nothing has been sent or moved then */
  post(lane: Lane, data: unknown, transfer: readonly object[] = []): void {
    const copy = transfer.length > 0 ? uncaptured : captureOne(data);
    if (copy !== uncaptured) return this.#push(lane.id, MESSAGE, copy);
    const message = Object(data) as Message;
    const all = new Set(transfer.filter((each) => 'onmessageerror' in each && !isPortHolder(each)));
    const inside = all.size > 0 ? handled(message, all) : all;
    // The third: what Comlink answers behind a port, when it is asked for an endpoint.
    const ports = [...all].filter(
      (each) => inside.has(each) || isOffered(each) || (lane.relayed && message.value === each),
    );
    const made: Lane[] = [];
    try {
      for (const port of ports) made.push(this.#laneFor(port));
      const { values, placeholders } = lift([data], ports);
      const ids = made.map(({ id }) => id);
      const parts = ids.length > 0 ? [LANES, [values[0], placeholders, ids]] : [MESSAGE, data];
      this.#flush();
      this.#port.postMessage(
        [this.#seen, 0 - lane.id, ...parts],
        transfer.filter((each) => !ports.includes(each)),
      );
    } catch (error) {
      for (const each of made) this.#drop(each);
      throw error;
    }
    this.#told = this.#seen;
    this.#alone.set(++this.#sent, { lane, id: message.id, isCall: isRequest(message), made });
  }

  #push(lane: number, kind: number, payload: unknown): void {
    // Not queueMicrotask: crossing into the platform takes longer.
    if (this.#batch.length === 0) void settled.then(() => this.#flush());
    this.#batch.push(0 - lane, kind, payload);
    if (this.#batch.length >= FULL) this.#flush();
  }

  /** As it is, past what a MeshPort looks for: all of it has been copied. */
  #flush(): void {
    if (this.#batch.length === 0) return;
    const batch = [(this.#told = this.#seen), ...this.#batch];
    this.#batch = [];
    this.#sent++;
    (this.#port as unknown as PortHolder)[heldPort]?.post(batch);
  }

  #laneFor(port: object): Lane {
    const object = takeFrom(port);
    if (this.lanes.size >= MAX_LANES) {
      throw new MeshError('LIMIT', `there are ${MAX_LANES} proxies and callbacks on this connection. Release some.`);
    }
    const lane = this.#add(++this.#made, true, object);
    return object ? lane : this.#relay(lane, port);
  }

  #relay(lane: Lane, port: object): Lane {
    return relay(lane, port as MessagePort, () => {
      this.#push(lane.id, CLOSED, 0);
      this.remove(lane);
    });
  }

  #add(id: number, serves: boolean, object?: object): Lane {
    const lane = new Lane(this, id, id === 0 ? this.name : `proxy of ${this.name}`, serves, object);
    this.lanes.set(id, lane);
    if (object) expose(object, lane as never);
    return lane;
  }

  // ---- receiving

  #onMessage(data: unknown, ports: readonly MeshPort[]): void {
    this.#seen++;
    const parts = (Array.isArray(data) && data.length % 3 === 1 ? data : []) as unknown[];
    const [seen] = parts;
    if (typeof seen !== 'number') {
      closeAll(ports);
      return this.malformed();
    }
    // What came for a lane that has ended is nobody's.
    if (!this.lanes.has(parts[1] as number)) closeAll(ports);
    for (let at = 1; at < parts.length && !this.#ended; at += 3) {
      if (!this.#read(parts[at], parts[at + 1], parts[at + 2])) return this.malformed();
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
    const lane = this.lanes.get(id as number);
    switch (kind) {
      case MESSAGE:
        lane?.receive(payload);
        return true;
      case LANES:
        return this.#readLanes(lane, payload);
      case CLOSED:
        if (lane) this.remove(lane, true);
        return true;
      case UNREADABLE:
        return this.#unread(payload as number);
      case BYE:
        this.end((call) => new MeshError('CLOSED', `${call}: it is no longer exposed. wrap() again when it is.`));
        return true;
      default:
        return kind === SEEN;
    }
  }

  #readLanes(lane: Lane | undefined, payload: unknown): boolean {
    const [data, places, ids] = (Array.isArray(payload) ? payload : []) as [unknown, unknown[], number[]];
    if (!Array.isArray(ids) || !Array.isArray(places) || ids.length > MAX_LANES - this.lanes.size) return false;
    const fits = (id: number): boolean => Number.isSafeInteger(id) && id > 0 && !this.lanes.has(-id);
    if (![...ids].every(fits) || new Set(ids).size !== places.length) return false;
    const stock = lane && !lane.relayed ? proxied(Object(data) as Message) : none;
    const ports: object[] = [];
    const made = ids.map((id) => this.#add(-id, false));
    const restored = restore(
      [data],
      places,
      made.map((each, i) => (stock.has(places[i]) ? each : this.#portOf(each, ports))),
    );
    if (restored && lane) lane.receive(restored[0], ports);
    else for (const each of made) this.#drop(each, lane === undefined);
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

  /** @param release see `Lane.end` */
  remove(lane: Lane, release = false): void {
    if (!this.lanes.delete(lane.id)) return;
    lane.end(released, release);
    if (this.lanes.size === 0) this.end(released);
  }

  /** It has come to nothing. @param tell whether the other side does not know */
  #drop(lane: Lane, tell = false): void {
    if (tell) this.#push(lane.id, CLOSED, 0);
    this.lanes.delete(lane.id);
    lane.end(released);
  }

  /** The peer has left, or the port is closed: the one knows the reason, the other what comes last. */
  gone(reason: LeaveReason | undefined): void {
    this.#reason = reason ?? this.#reason;
    if (this.#reason === 'evicted' || (this.#closed && this.#reason)) this.#lost(this.#reason);
    else this.#timer ??= startTimer(LINGER_MS, () => this.#lost(this.#reason ?? 'lost'));
  }

  #lost(reason: LeaveReason): void {
    const text = `the peer is gone (${reason}). wrap() again when it is back.`;
    this.end((call) => new MeshError('PEER_GONE', `${call}: ${text}`, { reason }));
  }

  /** The object is no longer exposed. */
  bye(): void {
    this.#push(0, BYE, 0);
    this.end(released);
  }

  /** Ends it, in order: everything pending rejects, both ways. Idempotent. */
  end(why: Why): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timer?.stop();
    for (const lane of this.lanes.values()) lane.end(why);
    this.lanes.clear();
    this.#alone.clear();
    this.#flush();
    this.#port.close();
    this.#owner.delete(this);
    this.#among?.delete(this);
  }
}

const settled = Promise.resolve();

const none: ReadonlySet<unknown> = new Set();

const released: Why = (call) => new MeshError('CLOSED', `${call}: it has been released, or closed.`);
