// What two sides say to each other on one port: what any two peers say on their link, see wire/frames.ts.
//
//  1. All of Comlink's endpoints share it, a number each: 0 is the object that was wrapped, others are made as proxies and endpoints
//     are passed. Each side counts those it makes; a number is sent as it is for the receiver: below 0, if it is the sender's.
//  2. A request's arguments are [lane, places, type, length of the path, ...path, ...[handler's name, value]]: 0 stands for the name
//     where there is no handler. The answer is the value itself, or [places, name, value]: if there is a name, if it is a list, or if
//     something moves.
//  3. Places: 0, or what stands in the message in the place of each lane, with its number; and whether an object is exposed on it. If
//     not, it leads from port to port: then each request's arguments are [lane, places, message], answered when it has got there. One of
//     Comlink's, when its own answer has got back.
//  4. An event is the end of a lane: its argument is the lane. With its last lane, the line ends.

import type { Mesh } from '../core/bus/mesh.js';
import type { Peer } from '../core/directory/peer.js';
import { everything } from '../core/directory/grant.js';
import { unlimited } from '../core/directory/limits.js';
import { MeshError, type LeaveReason } from '../core/errors/mesh-error.js';
import { unsendable } from '../core/bus/request.js';
import { describeCall, fail, goneError, type Call } from '../core/link/calls.js';
import { Link } from '../core/link/link.js';
import type { MeshPort } from '../core/port/mesh-port.js';
import type { Port } from '../core/port/port.js';
import { heldPort, isPortHolder } from '../core/port/port-holder.js';
import { isCount } from '../core/wire/frames.js';
import { rebuild } from '../core/wire/rebuild.js';
import { Transfer } from '../core/wire/transfer.js';
import { CHANNEL, type LaneCall, type LaneOwner, type Why } from './call.js';
import { Exposed } from './exposed.js';
import { Inbox } from './inbox.js';
import { Lane } from './lane.js';
import { Pipe } from './pipe.js';
import { leadsOut, readAnswer, redactThrown, thrown, wireValues, writeAnswer, type Message } from './protocol.js';
import { isOffered, takeFrom } from './proxies.js';
import { relay } from './relay.js';
import { Wrapped } from './wrapped.js';

/** As on other ports, neither size nor number is limited: what a peer may ask here, it was given. */
const boundless = { ...unlimited, serving: Infinity, highWater: Infinity, limit: Infinity, limitBytes: Infinity };

/** For what has nothing: most calls. */
const none: never[] = [];

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
  /** Whether an object is. Else there is a port. */
  readonly exposed: boolean;
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
    const redact = mesh.redacts(peer);
    super(new Inbox(mesh), peer, undefined, {
      epoch: 0,
      opened: true,
      redact,
      trusted: true,
      grant: everything,
      limits: boundless,
      flow: boundless,
      turn: mesh.turn,
    });
    this.#redact = redact;
    this.name = name;
    this.exposure = exposure;
    this.#add(exposure ? new Exposed(this, 0, exposure.object) : new Wrapped(this, 0));
    mesh.lines.add(this);
    this.attach(held);
  }

  // ---- calls made here

  call(call: LaneCall, data: unknown, transfer: readonly object[] = none): Promise<Message> {
    return new Promise((resolve) => {
      call.settle = resolve as LaneCall['settle'];
      const { lane } = call;
      const { why } = lane;
      if (why) {
        transfer.forEach(takeFrom);
        return fail(call, () => why(call));
      }
      lane.calls.add(call);
      try {
        if (transfer.length === 0) return this.sendCall(call, lane.write(0, data));
        const made: Place[] = [];
        const [message, rest] = this.#pack(data, transfer, (call.made = made), !!lane.port);
        this.sendCall(call, lane.write(new Transfer(made, rest), message));
      } catch (error) {
        unsendable(call as never, error, this.peer);
      }
    });
  }

  settled(call: LaneCall, answer: unknown): void {
    const { lane, made, ports, settle = () => {} } = call;
    lane.calls.delete(call);
    // As `fail` rejects: it has not got there.
    if (answer instanceof Promise) {
      this.#unmake(made);
      settle(answer);
    } else {
      try {
        const [places, message] = readAnswer(answer);
        settle(this.unpack(message, places, ports));
      } catch (error) {
        settle(Promise.reject(error as Error)); // what it brings makes no sense
      }
    }
    if (lane.why) lane.release();
  }

  readonly closed = (call: Call): MeshError => closedError(describeCall(call, this.peer));

  // ---- calls made there

  reply(id: number, message: Message, transfer: readonly object[] = none): void {
    const answer = this.redacted(message) as Message;
    if (transfer.length === 0) return this.answer(id, CHANNEL, writeAnswer(0, answer));
    const made: Place[] = [];
    try {
      const [packed, rest] = this.#pack(answer, transfer, made, false, id);
      this.answer(id, CHANNEL, new Transfer(writeAnswer(made, packed as Message), rest));
    } catch (error) {
      this.#unmake(made);
      throw error;
    }
  }

  redacted(data: unknown): unknown {
    return this.#redact ? redactThrown(data) : data;
  }

  /** An answer can't be read there. The call itself has got here: so this is an answer, too. */
  override fail(id: number, _channel: string, error: unknown): void {
    this.#unmake([...this.lanes.values()].filter(({ madeFor }) => madeFor === id));
    this.answer(id, CHANNEL, writeAnswer(0, thrown(error)));
  }

  receive(id: number, args: readonly unknown[]): void {
    try {
      const lane = this.lanes.get(args[1] as number);
      if (!lane) throw closedError(this.name);
      lane.receive(id, args);
    } catch (error) {
      // Or what it brought makes no sense, or a transfer handler threw.
      super.fail(id, CHANNEL, error);
    }
  }

  check(path: readonly unknown[] = [undefined]): void {
    const at = path.findIndex(leadsOut);
    const name = path[at];
    if (typeof name === 'string') {
      throw new MeshError('NO_METHOD', `${this.name}: '${name}' is refused: it leads out of the object.`);
    }
    if (at >= 0) this.#nonsense();
  }

  #nonsense(): never {
    const problem = `${this.name}, a message that makes no sense`;
    this.malformed(problem);
    throw new MeshError('PROTOCOL', problem);
  }

  // ---- lanes in messages

  /** Puts lanes in the places of ports. @returns the message, and what else moves */
  #pack(
    data: unknown,
    transfer: readonly object[],
    made: Place[],
    relayed: boolean,
    madeFor = 0,
  ): [message: unknown, rest: object[]] {
    // Ports in these move. All others are Comlink's, or a transfer handler's; and those of endpoints.
    const raw = new Set(wiresIn(data, relayed).map(({ name, value }) => !name && !isOffered(value as object) && value));
    const taken = new Set<object>();
    // What comes beside a message on a port need not be in it.
    const [message] = rebuild([data, relayed && transfer], (value) => {
      if (raw.has(value)) return value;
      if (!('onmessageerror' in value) || isPortHolder(value) || !transfer.includes(value)) return undefined;
      taken.add(value);
      const object = takeFrom(value);
      if (this.lanes.size >= MAX_LANES) {
        throw new MeshError('LIMIT', `${MAX_LANES} proxies and callbacks are on this connection. Release some.`);
      }
      const id = ++this.#made;
      const place = { id, exposed: !!object };
      made.push(place);
      const lane = this.#add(object ? new Exposed(this, id, object) : relay(new Pipe(this, id), value as never));
      lane.madeFor = madeFor;
      return place;
    });
    return [message, transfer.filter((each) => !taken.has(each))];
  }

  unpack<T>(data: T, list: unknown, ports?: object[]): T {
    if (list === 0) return data;
    // The length first: a sparse array is a few bytes on the wire.
    if (!Array.isArray(list) || list.length > MAX_LANES - this.lanes.size) return this.#nonsense();
    this.keepPorts();
    const places = new Set<unknown>(list);
    const idOf = ({ id }: Place): number => (isCount(id) && id > 0 && !this.lanes.has(-id) ? -id : this.#nonsense());
    // Nobody but Comlink gets a lane itself: it would lead out of what is exposed.
    for (const wire of wiresIn(data, ports)) {
      const place = Object(wire.value) as Place;
      if (wire.name !== 'proxy' || !place.exposed || !places.delete(place)) continue;
      wire.value = this.#add(new Wrapped(this, idOf(place)));
    }
    if (places.size === 0) return data;
    const [message] = rebuild([data, ports && list], (value) => {
      if (value instanceof Lane) return value;
      if (!places.has(value)) return undefined;
      const { port1, port2 } = new MessageChannel();
      this.#add(relay(new ((value as Place).exposed ? Wrapped : Pipe)(this, idOf(value as Place)), port2));
      ports?.push(port1);
      return port1;
    });
    return message as T;
  }

  #add<L extends Lane>(lane: L): L {
    this.lanes.set(lane.id, lane);
    return lane;
  }

  #unmake(made: readonly { readonly id: number }[] = none): void {
    for (const { id } of made) this.close(id);
  }

  // ---- the end

  close(id: number): void {
    if (this.lanes.has(id)) this.sendEvent(CHANNEL, [], [0 - id]);
    this.remove(id);
  }

  /** The other side has closed a lane. */
  remove(id: unknown): void {
    const lane = this.lanes.get(id as number);
    this.lanes.delete(id as number);
    lane?.end(this.closed);
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

/** Between two ports, nobody knows of any. */
function wiresIn(data: unknown, relayed: unknown): readonly Message[] {
  return relayed ? none : wireValues(data as Message);
}

function closedError(call: string): MeshError {
  return new MeshError('CLOSED', `${call}: it has been released, or is no longer exposed. wrap() it again.`);
}
