// What two sides say to each other on one port: what any two peers say on their link, see wire/frames.ts.
//
//  1. All of Comlink's endpoints share it, a number each: 0 is the object that was wrapped, others are made as proxies and endpoints
//     are passed. Each side counts those it makes; a number is sent as it is for the receiver: below 0, if it is the sender's.
//  2. A request's arguments are [lane, message], its result is the answer. A message with lanes in it, like any array, stands in one
//     with their placeholders, see lift.ts, and the first one's number: [message, placeholders, first].
//  3. An event is the end of a lane: its arguments are [lane, whether Comlink has released it].
//  4. The line ends with its last lane, or when the object is no longer exposed, by BYE.

import type { Peer } from '../core/directory/peer.js';
import { everything } from '../core/directory/grant.js';
import { unlimited } from '../core/directory/limits.js';
import { MeshError, type LeaveReason } from '../core/errors/mesh-error.js';
import { newRequest, unsendable } from '../core/bus/request.js';
import { describeCall, fail, goneError, type Call } from '../core/link/calls.js';
import { Link } from '../core/link/link.js';
import type { MeshPort } from '../core/port/mesh-port.js';
import { heldPort, isPortHolder, type PortHolder } from '../core/port/port-holder.js';
import { REQUEST } from '../core/wire/frames.js';
import { rebuild } from '../core/wire/rebuild.js';
import { Transfer } from '../core/wire/transfer.js';
import { Lane } from './lane.js';
import type { Lines } from './lines.js';
import { describe, isRequest, isSound, redact, refusedIn, thrown, wireValues, type Message } from './protocol.js';
import { isOffered, takeFrom } from './proxies.js';
import { Relay } from './relay.js';

/** As on other ports, neither size nor number is limited: what a peer may ask here, it was given. */
const boundless = { ...unlimited, serving: Infinity, highWater: Infinity, limit: Infinity, limitBytes: Infinity };
const patience = { timeout: Infinity, signal: undefined, wait: 0 };

/** Endpoints on one port at most, both sides' together: each costs about a kilobyte here, and a peer may ask for them. */
const MAX_LANES = 100_000;

/** Who exposes an object; each `expose` has its own. */
export interface Exposure {
  readonly object: object;
}

/**
 * A link of its own, over a port to the peer: it brings each call to its end, moves what moves, and tells what can't be read. What is
 * added are the endpoints, and a filter in front of each.
 */
export class Line extends Link {
  readonly name: string;
  readonly exposure: Exposure | undefined;
  /** All that is exposed and wrapped. */
  readonly lanes = new Map<number, Lane>();
  /** What the peer, or this one, has exposed under the name. */
  readonly root: Lane;
  readonly #owner: Lines;
  readonly #redact: boolean;
  /** The number of the last lane made here, and there. */
  #made = 0;
  #known = 0;
  /** What calls reject with, once it has ended. */
  #why: ((call: Call) => unknown) | undefined;

  /**
   * @param port it belongs to the line from now on
   * @param peer at its other end
   */
  constructor(owner: Lines, port: MeshPort, peer: Peer, name: string, exposure?: Exposure) {
    const redacts = owner.redacts(peer);
    super(owner, peer, undefined, {
      epoch: 0,
      opened: true,
      redact: redacts,
      trusted: true,
      grant: everything,
      limits: boundless,
      flow: boundless,
      turn: owner.turn,
    });
    this.#owner = owner;
    this.#redact = redacts;
    this.name = name;
    this.exposure = exposure;
    this.root = this.#add(new Lane(this, 0, exposure?.object));
    owner.add(this);
    this.attach((port as unknown as Required<PortHolder>)[heldPort]!);
  }

  // ---- calls made here

  /** @param arrived gets the platform's ports that are in the answer */
  call(lane: Lane, data: unknown, transfer: readonly object[] = [], arrived: object[] = []): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const made: Lane[] = [];
      const call = newRequest(REQUEST, undefined, this.name, patience, (answer) => {
        lane.calls.delete(call);
        // As `fail` rejects: it has not got there.
        const failed = answer instanceof Promise;
        if (failed) for (const each of made) this.close(each);
        try {
          resolve(failed ? answer : this.#unpack(lane, answer, arrived));
        } catch (error) {
          reject(error as Error);
        }
        if (lane.released) lane.release();
      });
      call.label = describe(lane.name, Object(data) as Message);
      const why = this.#why ?? (lane.released && this.closed);
      if (why) {
        transfer.forEach(takeFrom);
        return fail(call, () => why(call));
      }
      lane.calls.add(call);
      try {
        this.sendCall(call, [0 - lane.id, this.#pack(lane, data, transfer, made)]);
      } catch (error) {
        unsendable(call, error, this.peer);
      }
    });
  }

  /** What calls reject with on a lane that is closed. */
  readonly closed = (call: Call): MeshError => closedError(describeCall(call, this.peer));

  // ---- calls made there

  /** Answers one. @throws MeshError `NOT_CLONEABLE`; nothing has been sent then */
  reply(lane: Lane, id: number | undefined, data: unknown, transfer: readonly object[] = []): void {
    if (!id || !this.open) return transfer.forEach(takeFrom);
    const made: Lane[] = [];
    try {
      this.answer(id, this.name, this.#pack(lane, this.#redact ? redact(data) : data, transfer, made));
    } catch (error) {
      for (const each of made) this.close(each);
      throw error;
    }
    for (const each of made) each.madeFor = id;
  }

  /** An answer can't be read there. The call itself has got here: so it is answered by another one. */
  override fail(id: number, _channel: string, error: unknown): void {
    for (const each of this.lanes.values()) if (each.madeFor === id) this.close(each);
    this.reply(this.root, id, thrown(error));
  }

  receive(id: number, [, to, packed]: readonly unknown[]): void {
    const lane = this.lanes.get(to as number);
    try {
      if (!lane) throw closedError(this.name);
      const message = Object(Array.isArray(packed) ? packed[0] : packed) as Message;
      // Whatever it is: Comlink walks a path before it looks at the type.
      if (!isSound(message) || !(lane.relayed || (lane.object && isRequest(message)))) this.#nonsense();
      const name = refusedIn(message);
      if (name !== undefined) {
        throw new MeshError('NO_METHOD', `${lane.name}: '${name}' is refused: it leads out of the object.`);
      }
      this.keepPorts();
      const ports: object[] = [];
      lane.receive(id, this.#unpack(lane, packed, ports) as Message, ports);
    } catch (error) {
      // Or what it brought makes no sense, or a transfer handler threw.
      super.fail(id, this.name, error);
    }
  }

  #nonsense(): never {
    const text = `${this.name}: a message that makes no sense`;
    this.malformed(text);
    throw new MeshError('PROTOCOL', text);
  }

  // ---- lanes in messages

  #pack(lane: Lane, data: unknown, transfer: readonly object[], made: Lane[]): unknown {
    if (transfer.length === 0 && !Array.isArray(data)) return data;
    const ports = transfer.filter((each) => 'onmessageerror' in each && !isPortHolder(each));
    // Ports in these move. All others are Comlink's, or a transfer handler's; and those of endpoints.
    const raw = lane.relayed
      ? []
      : wireValues(data as Message).filter(({ type, value }) => type !== 'HANDLER' && !isOffered(value as object));
    const places = new Map<object, object>();
    const [message] = rebuild([data], (value) => {
      if (raw.includes(value)) return value;
      if (!ports.includes(value)) return undefined;
      made.push(this.#laneFor(value));
      const place = {};
      places.set(value, place);
      return place;
    });
    const packed = [message, [...places.values()], made[0]?.id];
    const moved = transfer.filter((each) => !places.has(each));
    return moved.length > 0 ? new Transfer(packed, moved) : packed;
  }

  #laneFor(port: object): Lane {
    const object = takeFrom(port);
    if (this.lanes.size >= MAX_LANES) {
      throw new MeshError('LIMIT', `there are ${MAX_LANES} proxies and callbacks on this connection. Release some.`);
    }
    const id = ++this.#made;
    return this.#add(object ? new Lane(this, id, object) : new Relay(this, id, port as MessagePort));
  }

  /** @param ports gets those of the platform that stand for lanes where nobody expects one */
  #unpack(lane: Lane, packed: unknown, ports: object[]): unknown {
    if (!Array.isArray(packed)) return packed;
    const [data, places, first = 0] = packed as [unknown, unknown, unknown];
    // The length first: a sparse array is a few bytes on the wire.
    if (!Array.isArray(places) || places.length > MAX_LANES - this.lanes.size) this.#nonsense();
    if (places.length === 0) return data;
    if (!Number.isSafeInteger(first) || (first as number) <= this.#known) this.#nonsense();
    const ids = new Map<unknown, number>();
    for (const place of places) ids.set(place, (this.#known = (first as number) + ids.size));
    const stock = lane.relayed ? [] : wireValues(data as Message).map(({ name, value }) => name === 'proxy' && value);
    const [message] = rebuild([data], (value) => {
      const id = ids.get(value);
      if (id === undefined) return undefined;
      if (stock.includes(value)) return this.#add(new Lane(this, -id));
      const { port1, port2 } = new MessageChannel();
      this.#add(new Relay(this, -id, port2));
      ports.push(port1);
      return port1;
    });
    return message;
  }

  #add(lane: Lane): Lane {
    this.lanes.set(lane.id, lane);
    return lane;
  }

  // ---- the end

  /** Closes a lane, on both sides. */
  close(lane: Lane): void {
    if (this.lanes.get(lane.id) !== lane) return;
    this.sendEvent(this.name, [], [0 - lane.id, lane.released]);
    this.remove(lane.id);
  }

  /** The other side has closed a lane. */
  remove(id: unknown, released?: unknown): void {
    const lane = this.lanes.get(id as number);
    if (!lane) return;
    this.lanes.delete(lane.id);
    lane.end(released);
    if (this.lanes.size === 0) this.bye(this.closed);
  }

  /** Everything pending rejects, both ways, and what is called later. */
  override end(reason: LeaveReason, why: (call: Call) => unknown = (call) => this.#gone(call, reason)): void {
    if (this.#why) return;
    this.#why = why;
    super.end(reason, why);
    for (const lane of this.lanes.values()) lane.end();
    this.lanes.clear();
  }

  #gone(call: Call, reason: LeaveReason): MeshError {
    const left = this.#owner.whyLeft(this.peer);
    // The object is no longer exposed.
    if (reason === 'bye' && !left) return this.closed(call);
    return goneError(describeCall(call, this.peer), left ?? reason, ' wrap() again when it is back.');
  }
}

function closedError(call: string): MeshError {
  return new MeshError('CLOSED', `${call}: it has been released, or is no longer exposed. wrap() it again.`);
}
