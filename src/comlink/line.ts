// What two sides say to each other on one port: what any two peers say on their link, see wire/frames.ts.
//
//  1. All of Comlink's endpoints share it, a number each: 0 is the object that was wrapped, others are made as proxies and endpoints
//     are passed. Each side counts those it makes; a number is sent as it is for the receiver: below 0, if it is the sender's.
//  2. A request's arguments are [lane, message], its result is the answer. A message with lanes in it, or with what moves, stands in
//     an array: [message, places]. In the place of each lane stands an object with its number, see lift.ts.
//  3. An event is the end of a lane: its arguments are [lane, whether Comlink has released it]. With its last lane, the line ends.

import type { Mesh } from '../core/bus/mesh.js';
import type { Peer } from '../core/directory/peer.js';
import { everything } from '../core/directory/grant.js';
import { unlimited } from '../core/directory/limits.js';
import { MeshError, type LeaveReason } from '../core/errors/mesh-error.js';
import { newRequest, unsendable, type CallOptions } from '../core/bus/request.js';
import { describeCall, fail, goneError, type Call } from '../core/link/calls.js';
import { Link } from '../core/link/link.js';
import type { MeshPort } from '../core/port/mesh-port.js';
import type { Port } from '../core/port/port.js';
import { heldPort, isPortHolder } from '../core/port/port-holder.js';
import { isCount, REQUEST } from '../core/wire/frames.js';
import { rebuild } from '../core/wire/rebuild.js';
import { Transfer } from '../core/wire/transfer.js';
import { Lane, type LaneOwner, type Why } from './lane.js';
import { Inbox } from './inbox.js';
import { Written, isRequest, nonsense, redactThrown, refusedIn, thrown, wireValues, type Message } from './protocol.js';
import { isOffered, takeFrom } from './proxies.js';
import { relay } from './relay.js';

/** As on other ports, neither size nor number is limited: what a peer may ask here, it was given. */
const boundless = { ...unlimited, serving: Infinity, highWater: Infinity, limit: Infinity, limitBytes: Infinity };
const patience = { timeout: Infinity } as CallOptions;
/** No call needs a look at the clock. */
const anyTime = { time: 0 };
/** What is said on a line needs none: it stands in each message. */
const CHANNEL = '-';

/** For what has nothing: most calls. */
const none: Place[] = [];

/** Endpoints on one port at most, both sides' together: each costs about a kilobyte here, and a peer may ask for them. */
const MAX_LANES = 100_000;

/** What is exposed on this side of a line: each `expose` has its own. */
export interface Exposure {
  readonly object: object;
}

/** A port that leads straight to a peer: see `Leases`. */
interface Holder {
  readonly [heldPort]: Port & { readonly peer: Peer };
}

/** A lane that has been made for a message, in the place where it stands there. */
interface Place {
  readonly id: number;
}

/**
 * A link of its own, over a port to the peer: it brings each call to its end, moves what moves, and tells what can't be read. What is
 * added are the endpoints, and a filter in front of each.
 */
export class Line extends Link implements LaneOwner {
  readonly name: string;
  readonly exposure: Exposure | undefined;
  /** All that is exposed and wrapped; 0 is what the peer, or this one, has exposed under the name. */
  readonly lanes = new Map<number, Lane>();
  readonly #redact: boolean;
  #made = 0;

  /** @param port to the peer; it belongs to the line from now on */
  constructor(mesh: Mesh, port: MeshPort, name: string, exposure?: Exposure) {
    const held = (port as unknown as Holder)[heldPort];
    const { peer } = held;
    super(new Inbox(mesh), peer, undefined, {
      epoch: 0,
      opened: true,
      redact: mesh.redacts(peer),
      trusted: true,
      grant: everything,
      limits: boundless,
      flow: boundless,
      turn: mesh.turn,
    });
    this.#redact = mesh.redacts(peer);
    this.name = name;
    this.exposure = exposure;
    this.#add(0, exposure?.object);
    mesh.lines.add(this);
    this.attach(held);
  }

  // ---- calls made here

  call(lane: Lane, data: unknown, transfer: readonly object[] = none, ports?: object[]): Promise<unknown> {
    // No closure has the message: as long as its call is under way, it would be kept.
    let resolve: (answer: unknown) => void = () => {};
    const answered = new Promise((each) => (resolve = each));
    const made = transfer.length > 0 ? [] : none;
    const call = newRequest(REQUEST, undefined, CHANNEL, patience, (answer) => {
      lane.calls.delete(call);
      // As `fail` rejects: it has not got there.
      if (answer instanceof Promise) this.#unmake(made);
      try {
        resolve(this.#unpack(lane, answer, ports));
      } catch (error) {
        resolve(Promise.reject(error as Error)); // what it brings makes no sense
      }
      if (lane.why) lane.release();
    });
    (call as Call).service = new Written(lane.name, Object(data) as Message);
    call.started = anyTime;
    const { why } = lane;
    if (why) {
      transfer.forEach(takeFrom);
      fail(call, () => why(call));
      return answered;
    }
    lane.calls.add(call);
    try {
      this.sendCall(call, [0 - lane.id, this.#pack(lane, data, transfer, made)]);
    } catch (error) {
      unsendable(call, error, this.peer);
    }
    return answered;
  }

  readonly closed = (call: Call): MeshError => closedError(describeCall(call, this.peer));

  // ---- calls made there

  reply(lane: Lane, id: number, data: unknown, transfer: readonly object[] = none): void {
    if (!this.open) return transfer.forEach(takeFrom);
    const made = transfer.length > 0 ? [] : none;
    try {
      this.answer(id, CHANNEL, this.#pack(lane, this.#redact ? redactThrown(data) : data, transfer, made));
    } catch (error) {
      this.#unmake(made);
      if (!lane.port) throw error;
      return this.fail(id, '', error);
    }
    for (const each of made) {
      const passed = this.lanes.get(each.id);
      if (passed) passed.madeFor = id;
    }
  }

  /** An answer can't be read there. The call itself has got here: so this is an answer, too. */
  override fail(id: number, _channel: string, error: unknown): void {
    this.#unmake([...this.lanes.values()].filter(({ madeFor }) => madeFor === id));
    this.answer(id, CHANNEL, thrown(error));
  }

  receive(id: number, [, to, packed]: readonly unknown[]): void {
    const lane = this.lanes.get(to as number);
    try {
      if (!lane) throw closedError(this.name);
      const message = Object(Array.isArray(packed) ? packed[0] : packed) as Message;
      const name = refusedIn(message);
      // Whatever it is: Comlink walks a path before it looks at the type.
      if (name === nonsense || !(lane.port || (lane.object && isRequest(message)))) return this.#nonsense();
      if (name) throw new MeshError('NO_METHOD', `${lane.name}: '${name}' is refused: it leads out of the object.`);
      this.keepPorts();
      const ports = lane.port && [];
      lane.receive(id, this.#unpack(lane, packed, ports), ports);
    } catch (error) {
      // Or what it brought makes no sense, or a transfer handler threw.
      super.fail(id, CHANNEL, error);
    }
  }

  #nonsense(): undefined {
    this.malformed(`${this.name}, a message that makes no sense`);
  }

  // ---- lanes in messages

  #pack(lane: Lane, data: unknown, transfer: readonly object[], made: Place[]): unknown {
    if (transfer.length === 0 && !Array.isArray(data)) return data;
    // Ports in these move. All others are Comlink's, or a transfer handler's; and those of endpoints.
    const raw = new Set(
      lane.port ? [] : wireValues(data).filter(({ type, value }) => type !== 'HANDLER' && !isOffered(value as object)),
    );
    const taken = new Set<object>();
    const values = rebuild([data], (value) => {
      if (raw.has(value)) return value;
      if (!('onmessageerror' in value) || isPortHolder(value) || !transfer.includes(value)) return undefined;
      taken.add(value);
      const object = takeFrom(value);
      if (this.lanes.size >= MAX_LANES) {
        throw new MeshError('LIMIT', `${MAX_LANES} proxies and callbacks are on this connection. Release some.`);
      }
      const place = { id: ++this.#made };
      made.push(place);
      this.#add(place.id, object, object ? undefined : value);
      return place;
    });
    return new Transfer(
      [...values, made],
      transfer.filter((each) => !taken.has(each)),
    );
  }

  /** @param ports gets those of the platform that stand for lanes where nobody expects one */
  #unpack(lane: Lane, packed: unknown, ports?: object[]): unknown {
    if (!Array.isArray(packed)) return packed;
    const [data, list] = packed as [unknown, unknown];
    // The length first: a sparse array is a few bytes on the wire.
    if (!Array.isArray(list) || list.length > MAX_LANES - this.lanes.size) return this.#nonsense();
    const places = new Set(list);
    const stock = new Set(lane.port ? [] : wireValues(data).map(({ name, value }) => name === 'proxy' && value));
    const [message] = rebuild([data], (value) => {
      if (!places.has(value)) return undefined;
      const { id } = value as Place;
      if (!isCount(id) || id === 0 || this.lanes.has(-id)) return this.#nonsense();
      if (stock.has(value)) return this.#add(-id);
      const { port1, port2 } = new MessageChannel();
      this.#add(-id, undefined, port2);
      ports?.push(port1);
      return port1;
    });
    return message;
  }

  #add(id: number, object?: object, port?: object): Lane {
    const lane = new Lane(this, id, object);
    if (port) relay(lane, port as MessagePort);
    this.lanes.set(id, lane);
    return lane;
  }

  #unmake(made: readonly Place[]): void {
    for (const { id } of made) this.close(id);
  }

  // ---- the end

  close(id: number, released?: boolean): void {
    if (this.lanes.has(id)) this.sendEvent(CHANNEL, [], [0 - id, released]);
    this.remove(id);
  }

  /** The other side has closed a lane. */
  remove(id: unknown, released?: unknown): void {
    const lane = this.lanes.get(id as number);
    this.lanes.delete(id as number);
    lane?.end(this.closed, released);
    if (this.lanes.size === 0) this.bye(this.closed);
  }

  /** Everything pending rejects, both ways, and what is called later. */
  override end(
    reason: LeaveReason,
    why: Why = (call) => goneError(describeCall(call, this.peer), reason, ' wrap() again when it is back.'),
  ): void {
    super.end(reason, why);
    for (const lane of this.lanes.values()) lane.end(why);
    this.lanes.clear();
  }
}

function closedError(call: string): MeshError {
  return new MeshError('CLOSED', `${call}: it has been released, or is no longer exposed. wrap() it again.`);
}
