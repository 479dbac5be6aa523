import { invalid, show } from '../errors/mesh-error.js';
import { checkOptions } from '../options.js';
import { isName } from '../wire/frames.js';
import type { MeshPort } from '../port/mesh-port.js';
import type {
  AnyChannels,
  Arguments,
  ChannelMap,
  EventChannel,
  Item,
  PortChannel,
  RequestChannel,
  Result,
  StreamChannel,
} from './channels.js';
import type { Mesh } from './mesh.js';
import type { MeshStream } from './mesh-stream.js';
import type { CallOptions } from './request.js';
import type { Target } from './target.js';

/** Options of calls, set with `with()`. */
export interface CallerOptions {
  /**
   * Milliseconds until a request, or `openPort`, rejects with `TIMEOUT`, and is cancelled at the other side; until `drain()` does.
   * `Infinity`: never. Of a stream, the longest wait for its beginning, and for each next item.
   * @default 30000; for the next item of a stream, `Infinity`
   */
  readonly timeout?: number;
  /** Aborts a call: it rejects with `ABORTED`, and is cancelled at the other side. `drain()` ends its wait. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds a request waits for somebody to handle its channel, before it rejects with `NO_HANDLER`. @default 0 */
  readonly wait?: number;
}

/** The options a bus begins with. */
export const defaultOptions: CallOptions = { timeout: undefined, signal: undefined, wait: 0 };

/** Internal: what is behind a bus, or what calls for one, for the layers that build on it. */
export let meshOf: <C extends ChannelMap<C>>(caller: Caller<C>) => Mesh;

/**
 * Calls to somebody, with some options: what `bus.to()` and `bus.with()` return, and what a bus itself is for all its peers.
 */
export class Caller<C extends ChannelMap<C> = AnyChannels> {
  readonly #mesh: Mesh;
  readonly #target: Target;
  readonly #options: CallOptions;

  static {
    meshOf = (caller) => caller.#mesh;
  }

  /** @internal */
  constructor(mesh: Mesh, target: Target, options: CallOptions) {
    this.#mesh = mesh;
    this.#target = target;
    this.#options = options;
  }

  /**
   * Sends an event to every peer meant that listens to `channel`; never to oneself. Arguments travel as they are now. What
   * is lost is reported to `bus.onDropped`, also where some of several peers can't be sent it.
   *
   * @throws MeshError `NOT_CLONEABLE` if an argument can't be sent to any of them; `NOT_AUTHORIZED` if this peer may not send there; `LIMIT` if
   *   too much waits for those meant already (see `FlowOptions`), or this alone is too much (see `MessageLimits`); `INVALID_ARGUMENT` if something moves and not exactly one
   *   peer listens; `NO_PEER` or `PEER_GONE` if the target isn't there; `CLOSED`, `BRIDGE_GONE` after the end of the bus
   * @example
   * bus.send('doc:saved', '42');
   */
  send<K extends EventChannel<C>>(channel: K, ...args: Arguments<C[K]>): void {
    checkChannel('send', channel);
    this.#mesh.send(this.#target, channel, args);
  }

  /**
   * Asks one of the peers meant that handles `channel`; never oneself. They take turns. Arguments travel as they are now.
   *
   * Rejects with what the handler threw, or with a MeshError: `NO_HANDLER`, `NO_PEER`, `PEER_GONE` (with `reason`), `TIMEOUT`,
   * `ABORTED`, `NOT_CLONEABLE`, `NOT_AUTHORIZED`, `LIMIT`, `CLOSED`, `BRIDGE_GONE`. What may have been carried out is not
   * tried again.
   *
   * @throws MeshError `INVALID_ARGUMENT` if `channel` is no name
   * @example
   * const bytes = await bus.to('viewer').with({ timeout: 500 }).request('doc:render', '42', 2);
   */
  request<K extends RequestChannel<C>>(channel: K, ...args: Arguments<C[K]>): Promise<Result<C[K]>> {
    checkChannel('request', channel);
    return this.#mesh.requests.request(this.#target, channel, args, this.#options) as Promise<Result<C[K]>>;
  }

  /**
   * Asks one of the peers meant that handles `channel` for a stream. The call is made at once; arguments travel as they are now.
   * Items come in order, and their producer waits while nobody takes them. Taking them rejects as `request` does, behind the last
   * one that arrived.
   *
   * @throws MeshError `INVALID_ARGUMENT` if `channel` is no name
   * @example
   * for await (const line of bus.to('viewer').stream('log:tail', 'a.log')) console.log(line);
   */
  stream<K extends StreamChannel<C>>(channel: K, ...args: Arguments<C[K]>): MeshStream<Item<C[K]>> {
    checkChannel('stream', channel);
    return this.#mesh.requests.stream(this.#target, channel, args, this.#options);
  }

  /**
   * Opens a port straight to one of the peers meant that takes ports on `channel` (`onPort`). Resolves when it has accepted. The
   * port has no order with what is sent besides, and lives on when this bus is closed.
   *
   * Rejects with what the handler threw, or with a MeshError, as `request` does; then nobody holds a port.
   *
   * @throws MeshError `INVALID_ARGUMENT` if `channel` is no name
   * @example
   * const port = await bus.to('viewer').openPort('video', { codec: 'h264' });
   * port.postMessage(frame, [frame.buffer]);
   */
  openPort<K extends PortChannel<C>>(channel: K, ...args: Arguments<C[K]>): Promise<MeshPort> {
    checkChannel('openPort', channel);
    return this.#mesh.openPort(this.#target, channel, args, this.#options);
  }

  /**
   * Resolves when the peers meant have dispatched all that they were sent before.
   *
   * Rejects with the cause if something that was sent to them was lost since the last `drain()` that was for them (of the last 100 peers to
   * which something was); with a MeshError
   * `TIMEOUT` (what waits, waits on), `ABORTED`; `CLOSED`, `BRIDGE_GONE` after the end of the bus.
   *
   * @example
   * const viewer = bus.to('viewer');
   * if (viewer.pending > 2000) await viewer.with({ timeout: 5000 }).drain();
   */
  drain(): Promise<void> {
    return this.#mesh.drain(this.#target, this.#options);
  }

  /**
   * The same calls with other options; those not given stay as they are.
   * @throws MeshError `INVALID_ARGUMENT` for an option that is none, or a value that makes no sense
   */
  with(options: CallerOptions): Caller<C> {
    return new Caller(this.#mesh, this.#target, mergeOptions(this.#options, options));
  }

  /** How many messages are under way to the peers meant, or wait here for them: those not known to have been dispatched there. */
  get pending(): number {
    return this.#mesh.pending(this.#target);
  }
}

/** @throws MeshError `INVALID_ARGUMENT` */
export function checkChannel(call: string, channel: unknown): asserts channel is string {
  if (!isName(channel)) {
    throw invalid(`${call}(${show(channel)})`, 'a channel is a text of 1 to 256 characters.');
  }
}

/** @throws MeshError `INVALID_ARGUMENT` */
export function checkFunction(call: string, value: unknown): void {
  if (typeof value !== 'function') throw invalid(call, 'the second argument must be a function.');
}

function mergeOptions(before: CallOptions, options: CallerOptions): CallOptions {
  checkOptions('with(', options, Object.keys(before));
  const { timeout = before.timeout, signal = before.signal, wait = before.wait } = options;
  if (typeof wait !== 'number' || !(wait >= 0)) {
    throw invalid(`with({ wait: ${show(wait)} })`, 'give milliseconds, 0 or more, or Infinity.');
  }
  return { timeout, signal, wait };
}
