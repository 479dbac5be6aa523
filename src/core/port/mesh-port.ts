import { invalid, notCloneable } from '../errors/mesh-error.js';
import { disposing } from '../registration.js';
import { preparePayload } from '../wire/payload.js';
import { isTransferList, Transfer } from '../wire/transfer.js';
import { heldPort } from './port-holder.js';
import { unwrap, wrap } from './port-message.js';
import type { Port, PortListener } from './port.js';

/** A message that arrived on a `MeshPort`. */
export class MeshPortMessage extends Event {
  /** The message. The ports in it are `MeshPort`s, in every process. */
  readonly data: unknown;
  /** The ports that came with it, in the order in which the sender listed them. */
  readonly ports: readonly MeshPort[];

  /** Made by the port for each message. */
  constructor(data: unknown, ports: readonly MeshPort[]) {
    super('message');
    this.data = data;
    this.ports = ports;
  }
}

/** The far end of a `MeshPort` is closed, or the page or process it lived in is gone. */
export class MeshPortClose extends Event {
  /** Why, as far as the port knows: `closed`, … */
  readonly reason: string;

  /** Made by the port, once. */
  constructor(reason: string) {
    super('close');
    this.reason = reason;
  }
}

/** What a `MeshPort` dispatches. */
export interface MeshPortEvents {
  /** A message. */
  message: MeshPortMessage;
  /** A message arrived that can't be read here. */
  messageerror: Event;
  /** Once at most, after the last message, and never for this end's own `close()`. */
  close: MeshPortClose;
}

/** What `addEventListener` takes: a function, or an object with one. */
export type MeshPortListener<E> =
  | ((event: E) => void)
  | {
      /** Called with each event. */
      handleEvent(event: E): void;
    }
  | null;

/** As `EventTarget` has them. */
export interface MeshPortListenOptions {
  /** Part of what names a listener; without effect on a port. @default false */
  readonly capture?: boolean;
  /** Called for the next event only. @default false */
  readonly once?: boolean;
  /** Without effect on a port. @default false */
  readonly passive?: boolean;
  /** Removes the listener when it aborts. */
  readonly signal?: AbortSignal;
}

type Handler<E> = ((event: E) => void) | null;

/**
 * A raw port straight to a peer, with the DOM's `MessagePort` surface in every process: pages, workers, main, utility
 * processes. Messages arrive in the order posted, but in no order with what travels through the mesh itself.
 *
 * It lives until one end closes: a port that is dropped without `close()` stays. Like a DOM port, it delivers nothing (and
 * doesn't notice the end of its far end) before `start()`, or before `onmessage` is set.
 *
 * @example
 * port.onmessage = ({ data }) => draw(data);
 * port.onclose = ({ reason }) => console.warn(`video is gone: ${reason}`);
 * port.postMessage({ frame: pixels }, [pixels.buffer]);
 */
export class MeshPort extends EventTarget {
  #port: Port | undefined;
  readonly #adopt: (raw: object) => Port;
  readonly #handlers = new Map<string, { readonly handler: unknown; readonly listener: (event: Event) => void }>();
  #started = false;

  /**
   * @param port it belongs to the new object from now on
   * @param adopt makes a port of the platform's port that arrived with a message
   * @internal
   */
  constructor(port: Port, adopt: (raw: object) => Port) {
    super();
    this.#port = port;
    this.#adopt = adopt;
  }

  /** @internal */
  get [heldPort](): Port | undefined {
    return this.#port;
  }

  /**
   * Sends `message` as it is now. After `close()`, or when the port has been moved away or its far end is gone, that is without
   * effect, as with a DOM port.
   *
   * @param message anything structured clone knows, or a `transfer()` of it; of a view on a part of a buffer, that part
   * @param transfer what moves instead of being copied, as in `transfer(value, list)`: ports, ArrayBuffers (detached here even
   *   where this kind of port had to copy them), and, to a page or a worker, other transferable objects
   * @throws MeshError `NOT_CLONEABLE` if something in it can't be sent to that kind of end; nothing has been sent or moved then.
   * `INVALID_ARGUMENT` if `transfer` is no list of objects
   */
  postMessage(message: unknown, transfer?: readonly object[] | { readonly transfer?: readonly object[] }): void {
    const list = listIn(transfer);
    const port = this.#port;
    if (!port) return;
    try {
      const moved = message instanceof Transfer ? message : new Transfer(message, []);
      this.#post(port, new Transfer(moved.value, [...moved.list, ...list]));
    } catch (error) {
      throw notCloneable(error, "postMessage(): the message can't be sent: ");
    }
  }

  /** Begins to deliver messages, those that wait first. Idempotent. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#port?.start(this.#listener);
  }

  /** Ends both sides: what was posted before still arrives there, then `close`. Nothing is dispatched here any more. Idempotent. */
  close(): void {
    const port = this.#port;
    this.#port = undefined;
    port?.close();
  }

  /** As `close()`, at the end of the block: `using port = await bus.openPort(…)`. Only where the runtime has `Symbol.dispose`. */
  [disposing](): void {
    this.close();
  }

  /**
   * Gives up the platform's port, a `MessagePort` or a `MessagePortMain`, for use without the mesh: to hand it to a worker with
   * `worker.postMessage`, for example. It is the caller's then, and this object does nothing any more. To send a port through
   * the mesh, list it in `transfer()` instead.
   *
   * @returns `undefined` if the port is closed or has been moved away
   */
  detach(): object | undefined {
    const port = this.#port;
    this.#port = undefined;
    return port?.detach();
  }

  /** Called for each message, with `this` being the port. Setting it starts the port. */
  get onmessage(): Handler<MeshPortMessage> {
    return this.#handler('message');
  }

  set onmessage(handler: Handler<MeshPortMessage>) {
    this.#handle('message', handler);
    if (handler) this.start();
  }

  /** Called for each message that can't be read here. */
  get onmessageerror(): Handler<Event> {
    return this.#handler('messageerror');
  }

  set onmessageerror(handler: Handler<Event>) {
    this.#handle('messageerror', handler);
  }

  /** Called once when the far end is gone. The port has to be started for it. */
  get onclose(): Handler<MeshPortClose> {
    return this.#handler('close');
  }

  set onclose(handler: Handler<MeshPortClose>) {
    this.#handle('close', handler);
  }

  /** As `EventTarget` has it. It doesn't start the port. */
  override addEventListener<K extends keyof MeshPortEvents>(
    type: K,
    listener: MeshPortListener<MeshPortEvents[K]>,
    options?: boolean | MeshPortListenOptions,
  ): void;
  /** The same for an event of any other name. */
  override addEventListener(
    type: string,
    listener: MeshPortListener<Event>,
    options?: boolean | MeshPortListenOptions,
  ): void;
  override addEventListener(type: string, listener: never, options?: boolean | MeshPortListenOptions): void {
    super.addEventListener(type, listener, options);
  }

  /** As `EventTarget` has it. */
  override removeEventListener<K extends keyof MeshPortEvents>(
    type: K,
    listener: MeshPortListener<MeshPortEvents[K]>,
    options?: boolean | Pick<MeshPortListenOptions, 'capture'>,
  ): void;
  /** The same for an event of any other name. */
  override removeEventListener(
    type: string,
    listener: MeshPortListener<Event>,
    options?: boolean | Pick<MeshPortListenOptions, 'capture'>,
  ): void;
  override removeEventListener(type: string, listener: never, options?: boolean | { capture?: boolean }): void {
    // Node's own, up to version 20 at least, takes no boolean here.
    super.removeEventListener(type, listener, typeof options === 'boolean' ? { capture: options } : options);
  }

  readonly #listener: PortListener = {
    message: (data, raw) => this.#onMessage(data, raw as readonly object[]),
    unreadable: () => this.#unreadable(),
    close: (reason) => {
      if (!this.#port) return;
      this.#port = undefined;
      this.dispatchEvent(new MeshPortClose(reason));
    },
  };

  #post(port: Port, message: Transfer<unknown>): void {
    if (message.list.some((each) => each === this || each === port.raw)) {
      throw new Error('a port can not move over itself.');
    }
    const payload = preparePayload([message], port.carries);
    port.post(wrap(payload.values[0], payload.placeholders, port.carries), payload.transfer);
    payload.settle();
  }

  #onMessage(data: unknown, raw: readonly object[]): void {
    const ports = raw.map((each) => new MeshPort(this.#adopt(each), this.#adopt));
    const restored = unwrap(data, raw, ports);
    if (!restored) {
      for (const port of ports) port.close();
      this.#unreadable();
    } else this.#dispatch(new MeshPortMessage(restored[0], ports));
  }

  #unreadable(): void {
    this.#dispatch(new Event('messageerror'));
  }

  /** A listener may have closed the port. */
  #dispatch(event: Event): void {
    if (this.#port) this.dispatchEvent(event);
  }

  #handler<E>(type: string): Handler<E> {
    return (this.#handlers.get(type)?.handler as Handler<E> | undefined) ?? null;
  }

  #handle<E>(type: string, handler: Handler<E>): void {
    const handlers = this.#handlers;
    const before = handlers.get(type);
    if (typeof handler !== 'function') {
      handlers.delete(type);
      if (before) super.removeEventListener(type, before.listener);
      return;
    }
    // A listener of its own: the same function may be among the others. One that takes another's place is called in its turn.
    const listener = before?.listener ?? ((event: Event): void => this.#handler<Event>(type)?.call(this, event));
    handlers.set(type, { handler, listener });
    if (!before) super.addEventListener(type, listener);
  }
}

function listIn(transfer: unknown = []): readonly object[] {
  const { transfer: inside = [] } = Object(transfer) as { transfer?: unknown };
  const list = Array.isArray(transfer) ? transfer : inside;
  if (typeof transfer === 'object' && isTransferList(list)) return list;
  throw invalid(
    'postMessage(message, transfer)',
    'transfer must be an array of transferable objects, such as [view.buffer], or { transfer } with one.',
  );
}
