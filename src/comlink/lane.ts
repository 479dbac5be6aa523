import { MeshError, notCloneable } from '../core/errors/mesh-error.js';
import { fail } from '../core/link/calls.js';
import { describe, isRequest, isSound, redact, refusedIn, thrown, type Message } from './protocol.js';
import { offer, takeFrom } from './proxies.js';

/** Makes the error that a call rejects with. */
export type Why = (call: string) => MeshError;

type Listener = (event: { readonly data: unknown; readonly ports: readonly object[] }) => void;

/** The line it is on. */
export interface LaneOwner {
  /** Whether what is thrown here is told without stacks and paths. */
  readonly redact: boolean;
  /** Says with whom. */
  describe(call: string): string;
  malformed(): void;
  /** @throws MeshError `NOT_CLONEABLE`; nothing has been sent then */
  post(lane: Lane, data: unknown, transfer?: readonly object[]): void;
  /** It is over, and both sides know. */
  remove(lane: Lane): void;
}

interface Call extends Pick<Message, 'type' | 'path'> {
  /** What its promise follows, once its proxy has been released. */
  adopt?: (answer: unknown) => void;
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
  /** Whether something is exposed here; and what, where that is known. */
  readonly #serves: boolean;
  readonly #object: object | undefined;
  readonly #calls = new Map<unknown, Call>();
  readonly #listeners = new Set<Listener>();
  /** What is to be asked for behind the calls under way. */
  #release: Message | undefined;
  /** The id of the release that was asked for, here or there: its answer is the last message. */
  #last: unknown;
  /** Why no call can be made any more. */
  #why: Why | undefined;
  #ended = false;

  constructor(line: LaneOwner, id: number, name: string, serves: boolean, object?: object) {
    this.#line = line;
    this.id = id;
    this.#name = name;
    this.#serves = serves;
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
    if (message.type === 'RELEASE') this.#leave(message);
    else if (isRequest(message)) this.#call(message, transfer);
    else this.#answer(data, message.id, transfer);
  }

  #call(message: Message, transfer: readonly object[]): void {
    const { id, type, path } = message;
    this.#calls.set(id, { type, path });
    try {
      if (this.#why) transfer.forEach(takeFrom);
      else return this.#line.post(this, message, transfer);
    } catch (error) {
      return this.#fail(id, (call) => notCloneable(error, `${call}: an argument can't be sent: `));
    }
    this.#fail(id, this.#why);
  }

  /** Throws if it can't be sent: Comlink answers with an error of its own then. */
  #answer(data: unknown, id: unknown, transfer: readonly object[]): void {
    if (this.#ended) return transfer.forEach(takeFrom);
    try {
      this.#line.post(this, this.#line.redact ? redact(data) : data, transfer);
    } catch (error) {
      if (!this.relayed) throw error;
      this.#reply(id, notCloneable(error, `${this.#name}: `));
    }
    this.#left(id);
  }

  /**
   * Of a proxy that is collected as of one that is released, the calls under way go on. Comlink forgets them in the second case: so
   * their promises follow others from now on, which are kept here.
   */
  #leave(message: Message): void {
    // Whoever waits for it is told at once.
    if (this.#why) return this.#dispatch({ id: message.id });
    this.#why = (call) =>
      new MeshError('CLOSED', `${call}: its proxy has been released. wrap() again for another one.`);
    this.#release = message;
    for (const [id, call] of this.relayed ? [] : this.#calls) {
      this.#dispatch(Object.assign(new Promise((resolve) => (call.adopt = resolve)), { id }));
    }
    this.#settled();
  }

  #settled(): void {
    const release = this.#release;
    if (!release || this.#calls.size > 0 || this.#ended) return;
    this.#release = undefined;
    this.#last = release.id;
    this.#line.post(this, release);
  }

  /** A message with that id, the last one perhaps, has passed. */
  #left(id: unknown): void {
    if (id !== undefined && id === this.#last) this.#line.remove(this);
  }

  // ---- what the other side has to say

  /** @param ports the platform's, in `data` */
  receive(data: unknown, ports?: readonly object[]): void {
    const message = Object(data) as Message;
    const { id, type } = message;
    // Whatever it is: Comlink walks a path before it looks at the type.
    if (!isSound(message)) return this.#line.malformed();
    const name = refusedIn(message);
    if (name !== undefined) {
      return this.#reply(
        id,
        new MeshError('NO_METHOD', `${this.#name}: '${name}' is refused: it leads out of the object.`),
      );
    }
    if (!isRequest(message)) return this.#answered(id, data, ports);
    if (!this.relayed && !(this.#serves && typeof id === 'string')) return this.#line.malformed();
    if (type === 'RELEASE') this.#last = id;
    try {
      if (type !== 'ENDPOINT' || !this.#object) return this.#dispatch(data, ports);
      const port = offer(this.#object);
      this.#line.post(this, { id, type: 'RAW', value: port }, [port]);
    } catch (error) {
      // What it brought makes no sense, or a transfer handler threw.
      this.#reply(id, error);
    }
  }

  #answered(id: unknown, data: unknown, ports?: readonly object[]): void {
    const call = this.#calls.get(id);
    if (!call && !this.relayed && (id === undefined || id !== this.#last)) return this.#line.malformed();
    this.#calls.delete(id);
    try {
      if (call?.adopt) call.adopt(data);
      else this.#dispatch(data, ports);
    } catch (error) {
      // Only a port throws: it can't pass on what is in it.
      this.#dispatch(thrown(id, error));
    }
    this.#left(id);
    this.#settled();
  }

  #reply(id: unknown, error: unknown): void {
    if (typeof id === 'string' && !this.#ended) this.#line.post(this, thrown(id, error));
  }

  /** What was posted can't be read there. */
  unread(id: unknown, isCall: boolean): void {
    const why: Why = (call) =>
      new MeshError(
        'NOT_CLONEABLE',
        `${call}: something in it can't be read by the other side. Send plain data made of it.`,
      );
    if (isCall) this.#fail(id, why);
    else this.#reply(id, why(this.#name));
  }

  // ---- the end

  /** Rejects what is under way and what is called later. @param release whether Comlink is told, which runs the object's finalizer */
  end(why: Why, release = true): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#why = why;
    for (const id of [...this.#calls.keys()]) this.#fail(id, why);
    if (release && !this.relayed) this.#dispatch({ id: '', type: 'RELEASE' });
    this.onEnd();
  }

  #fail(id: unknown, why: Why): void {
    const call = this.#calls.get(id);
    if (!call) return;
    this.#calls.delete(id);
    const make = (): MeshError => why(this.#line.describe(describe(this.#name, call)));
    const resolve = (outcome: unknown): void =>
      call.adopt ? call.adopt(outcome) : this.#dispatch(Object.assign(outcome as object, { id }));
    // Over a port, an error is no more than what Comlink makes of it.
    if (this.relayed) this.#dispatch(thrown(id, make()));
    else fail({ resolve }, make);
    this.#settled();
  }

  #dispatch(data: unknown, ports: readonly object[] = []): void {
    for (const listener of this.#listeners) listener({ data, ports });
  }
}
