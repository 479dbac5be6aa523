import type { Bus } from '../core/bus/bus.js';
import { checkTarget } from '../core/bus/target.js';
import type { Peer } from '../core/directory/peer.js';
import type { LeaveReason } from '../core/errors/mesh-error.js';
import { checkOptions } from '../core/options.js';
import type { ServiceCallOptions } from './call-options.js';
import { checkCall } from './check-call.js';
import type { AnyService, Service } from './define.js';
import { handleOf } from './handle.js';
import type { RemoteMethods, ServiceBus } from './types.js';

/** What `consume` takes besides. */
export interface ConsumeOptions extends ServiceCallOptions {
  /** Which of several providers is meant: those of a peer's name, or one peer. @default all: they take turns */
  readonly from?: string | Peer | Pick<Peer, 'id'>;
}

/** One of those that provide a service. */
export interface ServiceProvider {
  /** Who it is. */
  readonly peer: Peer;
  /** Which version it provides. */
  readonly version: string | undefined;
  /** The names of what can be called. */
  readonly methods: readonly string[];
}

/** How a service is. */
export interface ServiceStatus {
  /** Whether somebody provides it. */
  readonly available: boolean;
  /** Those who do, and have answered. */
  readonly providers: readonly ServiceProvider[];
}

/** What a service tells its users besides its own events. */
export interface ServiceLifecycle {
  /** Somebody began to provide it. Those who do so already are in `$status()`. */
  $start: [peer: Peer];
  /** Somebody ended: told behind the events that it told before. @param reason why that peer left; `undefined`: it is there, and stopped the service */
  $stop: [peer: Peer, reason: LeaveReason | undefined];
}

type Args<E, K extends keyof E> = E[K] extends readonly unknown[] ? E[K] : never;
type Listener<A extends readonly unknown[]> = (...args: A) => unknown;

/** What every handle of a service has besides its methods. */
export interface ServiceHandle<M, E> {
  /**
   * Listens to an event. What a listener throws goes to `bus.onError`.
   * @throws MeshError `INVALID_ARGUMENT`; `NOT_AUTHORIZED`; `LIMIT`; `CLOSED`
   * @example
   * f.$on('changed', (path) => reload(path));
   */
  $on<K extends keyof (E & ServiceLifecycle) & string>(
    event: K,
    listener: Listener<Args<E & ServiceLifecycle, K>>,
  ): this;
  /** As `$on`, for the next event only. */
  $once<K extends keyof (E & ServiceLifecycle) & string>(
    event: K,
    listener: Listener<Args<E & ServiceLifecycle, K>>,
  ): this;
  /** Removes a listener; of several registrations of it, the last one. */
  $off<K extends keyof (E & ServiceLifecycle) & string>(
    event: K,
    listener: Listener<Args<E & ServiceLifecycle, K>>,
  ): this;
  /**
   * As `$on`; resolves when every responsive peer knows, so that whatever the service tells from then on arrives here. Rejects as
   * `bus.subscribe()` does; the options of `$with()` are not for it.
   */
  $subscribe<K extends keyof E & string>(event: K, listener: Listener<Args<E, K>>): Promise<void>;
  /** Whether somebody provides it. */
  readonly $available: boolean;
  /** Asks those who provide it what they are. Rejects as a call does; one that is gone meanwhile is left out. */
  $status(): Promise<ServiceStatus>;
  /** Resolves when somebody provides it; rejects as a call does. */
  $ready(): Promise<void>;
  /** The same service with other options for its calls; those not given stay as they are. Listeners are the same. */
  $with(options: ServiceCallOptions): Remote<M, E>;
  /** Ends all listeners of this handle, and of those made of it by `$with`. Calls go on. */
  $close(): void;
  /** The same, at the end of the block: `using f = consume(…)`. */
  [Symbol.dispose](): void;
}

/**
 * A service, as its users have it.
 *
 * @typeParam M its methods
 * @typeParam E its events
 */
export type Remote<M, E = object> = RemoteMethods<M> & ServiceHandle<M, E>;

/**
 * Uses a service: at once, whether or not somebody provides it yet. Calls wait for a provider up to their time-out; is the provider gone,
 * those under way reject, and later ones find the next one. Nothing is repeated.
 *
 * Calls reject with what the method threw, or with a MeshError: `NO_SERVICE`, `NO_METHOD`, `VERSION_MISMATCH`, `INVALID_ARGUMENT`,
 * `TIMEOUT`, `ABORTED`, `PEER_GONE`, `NOT_CLONEABLE`, `NOT_AUTHORIZED`, `LIMIT`, `CLOSED`, `BRIDGE_GONE`.
 *
 * Functions and async iterables in arguments and results go by reference. A function can be called until the call that it came
 * with is over, longer if it is kept with `retain()`; what comes with a result is kept until `release()`.
 *
 * @throws MeshError `INVALID_ARGUMENT`
 * @example
 * const f = consume(bus, files, { timeout: 1000 });
 * await f.scan('/', { onFound: (path) => console.log(path) });
 * for await (const change of f.watch('/')) if (change.last) break;
 */
export function consume<M extends object, E extends object>(
  bus: ServiceBus,
  service: Service<M, E>,
  options: ConsumeOptions = {},
): Remote<M, E> {
  const call = checkCall('consume', bus, service);
  const { from, timeout, signal } = checkOptions(`${call}, `, options, ['timeout', 'signal', 'from']);
  const target = from === undefined ? undefined : checkTarget(from, `${call}, { from })`);
  return handleOf(bus as Bus, service as AnyService, target, { timeout, signal, wait: Infinity }, new Set()) as Remote<
    M,
    E
  >;
}
