import { MeshError, notCloneable } from '../core/errors/mesh-error.js';
import { fail } from '../core/link/calls.js';
import { closeRaw } from '../core/port/port.js';
import { describe, ENDPOINT, isRequest, isSound, refusedIn, RELEASE, thrown, type Message } from './protocol.js';
import { exposedOn } from './proxies.js';

/** Makes the error that a call rejects with. */
export type Why = (call: string) => MeshError;

type Listener = (event: { readonly data: unknown; readonly ports: readonly object[] }) => void;

/** The line it is on. */
export interface LaneOwner {
  /** Whether the object of lane 0 is exposed on this side. */
  readonly serves: boolean;
  describe(call: string): string;
  report(error: MeshError): void;
  malformed(what: string): void;
  /** @throws MeshError `NOT_CLONEABLE`. `endpoint`: it answers a request for one */
  post(lane: Lane, data: unknown, transfer?: readonly object[], endpoint?: boolean): void;
  answerEndpoint(lane: Lane, id: unknown, object: object): void;
  /** It is over, and both sides know. */
  remove(lane: Lane, why?: Why): void;
}

interface Call extends Pick<Message, 'type' | 'path'> {
  /** What its promise follows, once its proxy has been released. */
  adopt?(answer: unknown): void;
}

/**
 * One of the endpoints on a line: what Comlink exposes an object on, or wraps. What Comlink lacks is here: each call settles, none leads
 * out of the exposed object, and a release waits for the calls under way.
 */
export class Lane {
  /** On this side: those that were made here are above 0, those of the other side below. */
  readonly id: number;
  /** Whether another port is behind it, to which it passes on what comes. */
  relayed = false;
  onEnd: () => void = () => {};
  readonly #line: LaneOwner;
  readonly #name: string;
  /** What is exposed here, where that is known. */
  readonly #object: object | undefined;
  readonly #calls = new Map<unknown, Call>();
  readonly #listeners = new Set<Listener>();
  /** Ids of the other side's requests for endpoints. */
  readonly #endpoints = new Set<unknown>();
  #release: Message | undefined;
  /** The id of the release that was asked for, here or there: its answer is the last message. */
  #leaving: unknown;
  /** Why no call can be made any more. */
  #why: Why | undefined;
  #ended = false;

  constructor(line: LaneOwner, id: number, name: string, object: object | undefined) {
    this.#line = line;
    this.id = id;
    this.#name = name;
    this.#object = object;
  }

  /** Calls under way to the other side. */
  get calls(): number {
    return this.#calls.size;
  }

  // ---- what Comlink, or a port, has to say

  addEventListener(_type: string, listener: Listener): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: string, listener: Listener): void {
    this.#listeners.delete(listener);
  }

  start(): void {}

  postMessage(data: unknown, transfer: readonly object[] = []): void {
    const message = Object(data) as Message;
    if (message.type === RELEASE) this.#leave(message);
    else if (isRequest(message)) this.#call(message, transfer);
    else this.#answer(data, message.id, transfer);
  }

  #call(message: Message, transfer: readonly object[]): void {
    const { id, type, path } = message;
    this.#calls.set(id, { type, path });
    if (this.#why) return this.#fail(id, this.#why, transfer);
    try {
      this.#line.post(this, message, transfer);
    } catch (error) {
      this.#fail(id, (call) => notCloneable(error, `${call}: an argument can't be sent: `));
    }
  }

  /** Throws if it can't be sent: Comlink answers with an error of its own then. */
  #answer(data: unknown, id: unknown, transfer: readonly object[]): void {
    if (this.#ended) return discard(transfer);
    try {
      this.#line.post(this, data, transfer, this.#endpoints.delete(id));
    } catch (error) {
      if (!this.relayed) throw error;
      this.#line.post(this, thrown(id, notCloneable(error, `${this.#name}: the result can't be sent: `)));
    }
    this.#left(id);
  }

  /**
   * Of a proxy that is collected as of one that is released, the calls under way go on. Comlink forgets them in the second case: so
   * their promises follow others from now on, which are kept here.
   */
  #leave(message: Message): void {
    if (this.#why) return;
    this.#why = (call) =>
      new MeshError('CLOSED', `${call}: its proxy has been released. wrap() again for another one.`);
    this.#release = message;
    if (!this.relayed) {
      for (const [id, call] of this.#calls) {
        this.#dispatch(Object.assign(new Promise((resolve) => (call.adopt = resolve)), { id }));
      }
    }
    this.#settled();
  }

  #settled(): void {
    if (!this.#release || this.#calls.size > 0 || this.#ended) return;
    this.#leaving = this.#release.id;
    this.#line.post(this, this.#release);
    this.#release = undefined;
  }

  /** Whether it answers the release. */
  #isLast(id: unknown): boolean {
    return id !== undefined && id === this.#leaving;
  }

  #left(id: unknown): void {
    if (this.#isLast(id)) this.#line.remove(this, this.#why);
  }

  // ---- what the other side has to say

  /** @param ports the platform's, in `data` */
  receive(data: unknown, ports: readonly object[] = []): void {
    const message = Object(data) as Message;
    const { id, type } = message;
    // Whatever it is: Comlink walks a path before it looks at the type.
    if (!isSound(message)) return this.#line.malformed('a message');
    const name = refusedIn(message);
    if (name !== undefined) return this.#refuse(id, name);
    if (!isRequest(message)) return this.#answered(id, data, ports);
    if (!this.relayed && !(typeof id === 'string' && this.#serves)) return this.#line.malformed('a request');
    if (type === RELEASE) this.#leaving = id;
    else if (type === ENDPOINT && this.#object) return this.#line.answerEndpoint(this, id, this.#object);
    else if (type === ENDPOINT) this.#endpoints.add(id);
    try {
      this.#dispatch(data, ports);
    } catch (error) {
      // What it brought makes no sense, or a transfer handler threw.
      this.#reply(id, error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Whether an object is exposed here. */
  get #serves(): boolean {
    return this.id > 0 || (this.id === 0 && this.#line.serves);
  }

  #answered(id: unknown, data: unknown, ports: readonly object[]): void {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (call?.adopt) call.adopt(data);
    else if (call || this.relayed || this.#isLast(id)) this.#deliver(id, data, ports);
    else return this.#line.malformed('an answer to nothing');
    this.#left(id);
    this.#settled();
  }

  #deliver(id: unknown, data: unknown, ports: readonly object[]): void {
    try {
      this.#dispatch(data, ports);
    } catch (error) {
      // Only a port throws: it can't pass on what is in it.
      this.#dispatch(thrown(id, notCloneable(error)), []);
    }
  }

  #refuse(id: unknown, name: string): void {
    const error = new MeshError('NO_METHOD', `${this.#name}: '${name}' is refused: it leads out of what is exposed.`);
    this.#line.report(error);
    this.#reply(id, error);
  }

  #reply(id: unknown, error: Error): void {
    if (typeof id === 'string' && !this.#ended) this.#line.post(this, thrown(id, error));
  }

  /** What was posted can't be read there. */
  unread(id: unknown, isCall: boolean): void {
    const what = (call: string): MeshError =>
      new MeshError(
        'NOT_CLONEABLE',
        `${call}: something in it can't be read by the other side. Send plain data made of it.`,
      );
    if (isCall) this.#fail(id, what);
    else this.#reply(id, what(`the result of a call on ${this.#name}`));
  }

  // ---- the end

  /** Rejects what is under way and what is called later. @param release whether Comlink is told, which runs the object's finalizer */
  end(why: Why, release = true): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#why = why;
    for (const id of [...this.#calls.keys()]) this.#fail(id, why);
    if (release && !this.relayed) this.#dispatch({ id: '', type: RELEASE });
    this.onEnd();
  }

  #fail(id: unknown, why: Why, transfer: readonly object[] = []): void {
    const call = this.#calls.get(id);
    if (!call) return;
    this.#calls.delete(id);
    discard(transfer);
    const make = (): MeshError => why(this.#line.describe(describe(this.#name, call)));
    const resolve = (outcome: unknown): void =>
      call.adopt ? call.adopt(outcome) : this.#dispatch(Object.assign(outcome as object, { id }));
    if (this.relayed) this.#dispatch(thrown(id, make()));
    else fail({ resolve }, make);
    this.#settled();
  }

  #dispatch(data: unknown, ports: readonly object[] = []): void {
    for (const listener of [...this.#listeners]) listener({ data, ports });
  }
}

/** Nobody will get what Comlink has exposed to be sent. */
function discard(transfer: readonly object[]): void {
  for (const each of transfer) if (exposedOn(each)) closeRaw(each);
}
