import { Answered } from '../core/broker/answered.js';
import { ASK, readAsk, type Ask } from '../core/broker/asking.js';
import { registration, type Registration } from '../core/registration.js';
import { everything, grantProblem, intersect, type Grant } from '../core/directory/grant.js';
import type { Peer, PeerProcess } from '../core/directory/peer.js';
import { invalid, MeshError, type LeaveReason } from '../core/errors/mesh-error.js';
import type { Port } from '../core/port/port.js';
import { isPeerName } from '../core/wire/frames.js';
import { childOf, type Child, type ChildParts } from './children.js';
import type { Departures } from './departures.js';
import { TRUSTED } from './names.js';
import type { Reception, Rejection } from './reception.js';
import { Shares } from './shares.js';

/** Options of `bridge.attach()`. */
export interface AttachOptions {
  /** The name it has if it asks for none. It becomes reserved: no page can take it. @default its type, `'utility'` or `'worker'` */
  readonly name?: string;
  /** What it may do. @default everything */
  readonly grant?: Grant;
}

/** A child that asks more often is answered later: it asks again. */
const ASKS_AT_ONCE = 2000;
const ASKS_PER_SECOND = 50;

/** A child that is, or was, attached; and who has joined from it. */
interface Attached {
  readonly child: Child;
  readonly name: string | undefined;
  readonly grant: Grant;
  /** Asks for itself, and those for workers that it hosts: one of these that asks too often is answered later, not its host. */
  readonly answered: { readonly own: Answered; readonly shared: Answered };
  /** Those of its own, and those of workers that it hosts. */
  readonly seats: Map<string, Peer>;
  /** These workers' alone. */
  readonly shares: Shares;
  reason: LeaveReason | undefined;
  readonly forgetEnd: () => void;
}

/** Lets main's utility processes and workers in: answers what they ask, and tells why they left. */
export class Attachments {
  readonly #reception: Reception;
  readonly #departures: Departures;
  readonly #parts: ChildParts;
  /** Those whose asks are answered, and how to stop that. */
  readonly #attached = new Map<object, () => void>();
  readonly #bySeat = new Map<string, Attached>();
  /** Those that have not ended yet. */
  readonly #living = new Set<Attached>();

  constructor(reception: Reception, departures: Departures, parts: ChildParts) {
    this.#reception = reception;
    this.#departures = departures;
    this.#parts = parts;
  }

  /** How many are attached. */
  get size(): number {
    return this.#attached.size;
  }

  attach(given: object, options: unknown): Registration {
    const { name, grant = everything } = checkOptions(options);
    const child = childOf(given, this.#parts);
    if (this.#attached.has(given)) {
      throw invalid('bridge.attach(child)', 'it is attached already. Dispose the first registration before.');
    }
    const problem = name === undefined ? undefined : this.#reception.names.take(name, TRUSTED, grant.names);
    if (problem) throw new MeshError('NOT_AUTHORIZED', `bridge.attach(child, { name: '${name}' }): ${problem}`);
    const forgetEnd = child.onEnd((reason) => this.#onEnd(attached, reason, dispose));
    const attached: Attached = {
      child,
      name,
      grant,
      forgetEnd,
      answered: {
        own: new Answered(ASKS_AT_ONCE, ASKS_PER_SECOND),
        shared: new Answered(ASKS_AT_ONCE, ASKS_PER_SECOND),
      },
      seats: new Map(),
      shares: new Shares(),
      reason: undefined,
    };
    this.#living.add(attached);
    const stop = child.listen((data) => this.#onMessage(attached, data));
    let disposed = false;
    const dispose = (): void => {
      if (disposed) return;
      disposed = true;
      stop();
      this.#attached.delete(given);
    };
    this.#attached.set(given, dispose);
    return registration(dispose);
  }

  /** A peer's control port has closed. False if it is none from here. */
  closed(peer: Peer): boolean {
    const attached = this.#bySeat.get(peer.id);
    if (!attached) return false;
    // The process lives, so it was a worker that it hosts; of itself, nobody knows.
    this.#departures.closed(peer.id, attached.reason, () => attached.reason ?? (peer.via ? 'terminated' : 'lost'));
    return true;
  }

  /** A peer has left. Returns whom it takes along: who is shown out, with all that came through it. */
  left(peer: Peer, reason: LeaveReason): Peer[] {
    const attached = this.#bySeat.get(peer.id);
    if (!attached) return [];
    this.#bySeat.delete(peer.id);
    attached.seats.delete(peer.id);
    attached.shares.remove(peer.id);
    return reason === 'evicted' ? attached.shares.peers().filter(({ via }) => via === peer.id) : [];
  }

  close(): void {
    for (const dispose of [...this.#attached.values()]) dispose();
    for (const { forgetEnd } of this.#living) forgetEnd();
    this.#living.clear();
  }

  #onEnd(attached: Attached, reason: LeaveReason, dispose: () => void): void {
    attached.reason = reason;
    this.#living.delete(attached);
    dispose();
    for (const peer of [...attached.seats.keys()]) this.#departures.told(peer, reason);
  }

  #onMessage(attached: Attached, data: unknown): void {
    // Whatever else the application's own messages are.
    if (!Array.isArray(data) || data[0] !== ASK) return;
    const ask = readAsk(data);
    if (!ask) return this.#reception.malformed('an ask of an attached process that makes no sense', undefined);
    const process = attached.child.process();
    const { own, shared } = attached.answered;
    // It asks again.
    if (!process || !(ask.vouch ? shared : own).first(ask.nonce)) return;
    this.#seat(attached, ask, process, attached.child.answer(ask.nonce));
  }

  #seat(attached: Attached, { name: asked, version, vouch }: Ask, process: PeerProcess, port: Port): void {
    const { child, seats, shares } = attached;
    const reception = this.#reception;
    const refuse = (rejection: Rejection): void => reception.refuse(port, undefined, rejection);
    if (reception.refuseVersion(port, `the ${child.type}`, version)) return;
    if (vouch && (child.type === 'worker' || vouch.type !== 'worker')) {
      return refuse({ code: 'NOT_AUTHORIZED', message: `a ${child.type} can not let in a ${vouch.type}.` });
    }
    const { limits, names } = reception;
    const full = vouch
      ? shares.problem(vouch, limits.seats)
      : seats.size - shares.size >= limits.seats &&
        `this process has ${limits.seats} seats already. close() those no longer used.`;
    if (full) return refuse({ code: 'LIMIT', message: full });
    const type = vouch?.type ?? child.type;
    const grant = vouch ? intersect(attached.grant, vouch.grant, true) : attached.grant;
    const problem = asked === undefined ? undefined : names.take(asked, TRUSTED, grant.names);
    if (problem) return refuse({ code: 'NOT_AUTHORIZED', message: problem });
    const name = asked ?? (vouch ? undefined : attached.name) ?? type;
    const owner = vouch && [...seats.values()].find(({ via }) => via === undefined);
    const via = owner && { via: owner.id };
    const peer: Peer = { id: reception.nextId(), name, type, origin: TRUSTED, process, ...via };
    seats.set(peer.id, peer);
    if (vouch) shares.add(vouch, peer);
    this.#bySeat.set(peer.id, attached);
    reception.admit(peer, port, grant);
  }
}

function checkOptions(options: unknown): AttachOptions {
  if (typeof options !== 'object' || options === null)
    throw invalid('bridge.attach(child, options)', 'give an object.');
  const { name, grant, ...others } = options as AttachOptions;
  for (const key of Object.keys(others)) {
    throw invalid(`bridge.attach(child, { ${key} })`, 'the options are name and grant.');
  }
  if (name !== undefined && !isPeerName(name)) {
    throw invalid(
      'bridge.attach(child, { name })',
      'a name is a text of 1 to 256 characters, without control characters.',
    );
  }
  const problem = grant === undefined ? undefined : grantProblem(grant);
  if (problem) throw invalid('bridge.attach(child, { grant })', `${problem}.`);
  return options;
}
