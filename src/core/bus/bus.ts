import type { MeshState } from '../broker/mesh-state.js';
import type { Peer } from '../directory/peer.js';
import { invalid } from '../errors/mesh-error.js';
import { asyncDisposing, registration, type Registration } from '../registration.js';
import { Caller, checkChannel, checkFunction, defaultOptions } from './caller.js';
import type {
  AnyChannels,
  ChannelMap,
  EventChannel,
  Handler,
  Listener,
  PortChannel,
  PortHandler,
  RequestChannel,
  StreamChannel,
} from './channels.js';
import type { CloseInfo } from './close-info.js';
import type { AnyHandler, AnyPortHandler } from './dispatcher.js';
import type { BusLoad, Mesh } from './mesh.js';
import { Peers } from './peers.js';
import type { Dropped, ErrorContext } from './reports.js';
import { checkTarget } from './target.js';

/**
 * An application's own seat in the mesh. It is a `Caller` for all peers at once, and listens like Node's EventEmitter.
 *
 * @example
 * const bus = await connect<AppChannels>({ name: 'editor' });
 * bus.on('doc:saved', (event, id) => console.log(event.sender.name, id));
 * bus.send('doc:saved', '42');
 */
export class Bus<C extends ChannelMap<C> = AnyChannels> extends Caller<C> {
  readonly #mesh: Mesh;
  /** The other peers. */
  readonly peers: Peers;

  /** @internal */
  constructor(mesh: Mesh) {
    super(mesh, undefined, defaultOptions);
    this.#mesh = mesh;
    this.peers = new Peers(mesh);
  }

  /** This peer, as the others see it. */
  get self(): Peer {
    return this.#mesh.self;
  }

  /**
   * Whether the bus can be used. `'rejoining'`: the broker of Node peers is gone, and is looked for; links live on, new ones can't be
   * made, and `peers` are those there were.
   */
  get state(): 'open' | 'rejoining' | 'closed' {
    if (this.#mesh.closeInfo) return 'closed';
    return this.#mesh.isStale ? 'rejoining' : 'open';
  }

  /** What the bus holds at the moment: for leak checks, and for a look at what is pending. */
  get load(): BusLoad {
    return this.#mesh.load;
  }

  /** Resolves when the bus has ended, with the reason; never rejects. */
  get closed(): Promise<CloseInfo> {
    return this.#mesh.closed;
  }

  /**
   * Selects whom calls are for: all peers of a name, looked up at each call, or one peer.
   * @throws MeshError `INVALID_ARGUMENT` if `target` is neither
   * @example
   * bus.to('viewer').send('doc:saved', '42');
   */
  to(target: string | Peer | { readonly id: string }): Caller<C> {
    return new Caller(this.#mesh, checkTarget(target), defaultOptions);
  }

  // ---- events

  /**
   * Listens to events on a channel. What a listener throws, or rejects with, goes to `onError`.
   * @throws MeshError `INVALID_ARGUMENT`; `NOT_AUTHORIZED` if this peer may not listen there; `LIMIT`; `CLOSED`
   * @example
   * bus.on('doc:saved', (event, id) => console.log(event.sender.name, id));
   */
  on<K extends EventChannel<C>>(channel: K, listener: Listener<C[K]>): this {
    return this.#add('on', channel, listener, {});
  }

  /** As `on`, for the next event only. */
  once<K extends EventChannel<C>>(channel: K, listener: Listener<C[K]>): this {
    return this.#add('once', channel, listener, { once: true });
  }

  /** The same as `on`. */
  addListener<K extends EventChannel<C>>(channel: K, listener: Listener<C[K]>): this {
    return this.#add('addListener', channel, listener, {});
  }

  /** As `on`, before the listeners that are there. */
  prependListener<K extends EventChannel<C>>(channel: K, listener: Listener<C[K]>): this {
    return this.#add('prependListener', channel, listener, { first: true });
  }

  /** As `once`, before the listeners that are there. */
  prependOnceListener<K extends EventChannel<C>>(channel: K, listener: Listener<C[K]>): this {
    return this.#add('prependOnceListener', channel, listener, { first: true, once: true });
  }

  /** Removes a listener; of several registrations of it, the last one. */
  off<K extends EventChannel<C>>(channel: K, listener: Listener<C[K]>): this {
    if (this.#mesh.dispatcher.listeners.remove(channel, listener)) this.#mesh.unlisten(channel);
    return this;
  }

  /** The same as `off`. */
  removeListener<K extends EventChannel<C>>(channel: K, listener: Listener<C[K]>): this {
    return this.off(channel, listener);
  }

  /** Removes the listeners of a channel, or of all channels. */
  removeAllListeners(channel?: EventChannel<C>): this {
    for (const each of channel === undefined ? this.#mesh.dispatcher.listeners.names() : [channel]) {
      if (this.#mesh.dispatcher.listeners.removeAll(each)) this.#mesh.unlisten(each);
    }
    return this;
  }

  /** How many listeners this bus has on a channel. */
  listenerCount(channel: EventChannel<C>): number {
    return this.#mesh.dispatcher.listeners.count(channel);
  }

  /** The listeners this bus has on a channel, in the order of their calls. */
  listeners<K extends EventChannel<C>>(channel: K): Listener<C[K]>[] {
    return this.#mesh.dispatcher.listeners.of(channel) as Listener<C[K]>[];
  }

  /** The channels this bus listens to. */
  eventNames(): string[] {
    return this.#mesh.dispatcher.listeners.names();
  }

  /**
   * As `on`; resolves when every responsive peer knows, so that whatever any of them sends from then on arrives here.
   * Rejects with `CLOSED`, or `BRIDGE_GONE`, if the bus ends before; with `TIMEOUT` if the broker's process is blocked for 30 s. The
   * listener is there then all the same.
   */
  async subscribe<K extends EventChannel<C>>(channel: K, listener: Listener<C[K]>): Promise<void> {
    this.#add('subscribe', channel, listener, {});
    await this.#mesh.confirm(`subscribe('${channel}')`);
  }

  // ---- requests

  /**
   * Answers requests, or streams, on a channel. The handler's result, or what it throws, goes to the caller; `event.signal` aborts
   * when the caller no longer waits. What it returns to a stream is an async iterable, such as a generator, an iterable or a
   * ReadableStream: items are taken from it while the caller has room, and it is ended when the caller ends.
   * @throws MeshError `INVALID_ARGUMENT` if this bus handles the channel already; `NOT_AUTHORIZED` if this peer may not handle it;
   *   `LIMIT`; `CLOSED`
   * @example
   * bus.handle('doc:render', async (event, id, scale) => render(id, scale, event.signal));
   */
  handle<K extends RequestChannel<C> | StreamChannel<C>>(channel: K, handler: Handler<C[K]>): Registration {
    checkChannel('handle', channel);
    checkFunction(`handle('${channel}')`, handler);
    this.#mesh.check(`handle('${channel}')`);
    // An object of its own, so that disposing twice can't end a later registration of the same handler.
    const handling = { handler: handler as AnyHandler };
    this.#mesh.handle(channel, handling);
    return registration(() => this.#mesh.unhandle(channel, handling));
  }

  /**
   * Takes the ports that other peers open on a channel. A handler that throws refuses the port; its opener gets the error.
   * @throws MeshError `INVALID_ARGUMENT` if this bus handles the channel already; `NOT_AUTHORIZED`; `LIMIT`; `CLOSED`
   * @example
   * bus.onPort('video', (event, port, { codec }) => (port.onmessage = ({ data }) => decode(codec, data)));
   */
  onPort<K extends PortChannel<C>>(channel: K, handler: PortHandler<C[K]>): Registration {
    checkChannel('onPort', channel);
    checkFunction(`onPort('${channel}')`, handler);
    this.#mesh.check(`onPort('${channel}')`);
    const handling = { portHandler: handler as AnyPortHandler };
    this.#mesh.handle(channel, handling);
    return registration(() => this.#mesh.unhandle(channel, handling));
  }

  // ---- trouble

  /**
   * Called with what a listener threw, and with what a peer sent that made no sense. Without one, the console is told.
   * @throws MeshError `INVALID_ARGUMENT` if it is no function
   * @example
   * bus.onError((error, { peer, channel }) => log(peer.name, channel, error));
   */
  onError(listener: (error: unknown, context: ErrorContext) => void): Registration {
    return register('onError', this.#mesh.reports.onError, listener);
  }

  /**
   * Called when events were lost, or may have been.
   * @throws MeshError `INVALID_ARGUMENT` if it is no function
   * @example
   * bus.onDropped(({ peer, count, error }) => log(`${count} events to ${peer.name}: ${error.message}`));
   */
  onDropped(listener: (dropped: Dropped) => void): Registration {
    return register('onDropped', this.#mesh.reports.onDropped, listener);
  }

  /**
   * The mesh as its broker has it: peers, channels and counters, as plain data. Rejects with `NOT_AUTHORIZED` if this peer may not
   * know (pages may only if their grant says so), `BRIDGE_GONE`, `CLOSED`, `TIMEOUT` after 30 s.
   */
  queryState(): Promise<MeshState> {
    return this.#mesh.query() as Promise<MeshState>;
  }

  // ---- ending

  /** Leaves the mesh: what is pending rejects with `CLOSED`, the others are told `bye`. Idempotent; never rejects. */
  async close(): Promise<void> {
    this.#mesh.close();
    await this.#mesh.closed;
  }

  /** As `close()`, at the end of the block: `await using bus = await connect()`. Only where the runtime has `Symbol.asyncDispose`. */
  [asyncDisposing](): Promise<void> {
    return this.close();
  }

  #add(call: string, channel: string, listener: unknown, options: { once?: boolean; first?: boolean }): this {
    checkChannel(call, channel);
    checkFunction(`${call}('${channel}')`, listener);
    this.#mesh.check(`${call}('${channel}')`);
    const { listeners } = this.#mesh.dispatcher;
    if (listeners.count(channel) === 0) this.#mesh.listen(channel); // it may throw LIMIT
    listeners.add(channel, listener as () => void, options);
    return this;
  }
}

function register<T>(call: string, set: Set<T>, listener: T): Registration {
  if (typeof listener !== 'function') throw invalid(`${call}(listener)`, 'give a function.');
  set.add(listener);
  return registration(() => set.delete(listener));
}
