import type { MeshPort } from '../port/mesh-port.js';
import type { MeshEvent, RequestEvent } from './events.js';
import type { Source } from './producer.js';
import type { Sendable } from '../wire/transfer.js';

/** What a channel map may hold: functions. Their return type says which kind a channel is. */
export type ChannelMap<C> = { [K in keyof C]: (...args: never[]) => unknown };

/** The map of a bus that was given none: every name is a channel of every kind. */
// The one place for `any`: without a map, arguments and results are the caller's own business.
export type AnyChannels = { [channel: string]: (...args: any[]) => any };

type IsAny<T> = 0 extends 1 & T ? true : false;
type KindOf<R> =
  IsAny<R> extends true
    ? 'event' | 'request' | 'stream' | 'port'
    : [R] extends [void]
      ? 'event'
      : [R] extends [Promise<unknown>]
        ? 'request'
        : [R] extends [MeshPort]
          ? 'port'
          : [R] extends [AsyncIterable<unknown>]
            ? 'stream'
            : never;
type OfKind<C extends ChannelMap<C>, Kind> = {
  [K in keyof C]: Kind extends KindOf<ReturnType<C[K]>> ? K : never;
}[keyof C] &
  string;

/** The channels of a map that are events: they return `void`. */
export type EventChannel<C extends ChannelMap<C>> = OfKind<C, 'event'>;
/** The channels of a map that are requests: they return a promise. */
export type RequestChannel<C extends ChannelMap<C>> = OfKind<C, 'request'>;

/** The channels of a map that are streams: they return an async iterable. */
export type StreamChannel<C extends ChannelMap<C>> = OfKind<C, 'stream'>;
/** The channels of a map that are ports: they return a `MeshPort`. */
export type PortChannel<C extends ChannelMap<C>> = OfKind<C, 'port'>;

/**
 * What a caller gives for a channel's parameters: each as it is, or marked with `transfer()`.
 *
 * @typeParam F the function that stands for the channel in the map
 */
export type Arguments<F extends (...args: never[]) => unknown> = SendableAll<Parameters<F>>;

type SendableAll<A extends unknown[]> = { [I in keyof A]: Sendable<A[I]> };

/**
 * What a request resolves with.
 *
 * @typeParam F the function that stands for the channel in the map
 */
export type Result<F extends (...args: never[]) => unknown> = Awaited<ReturnType<F>>;

/**
 * What a stream yields.
 *
 * @typeParam F the function that stands for the channel in the map
 */
export type Item<F extends (...args: never[]) => unknown> =
  IsAny<ReturnType<F>> extends true ? any : ReturnType<F> extends AsyncIterable<infer T> ? T : never;

/**
 * What `on` takes. What it returns is not looked at, unless it is a promise that rejects.
 *
 * @typeParam F the function that stands for the channel in the map
 */
export type Listener<F extends (...args: never[]) => unknown> = (event: MeshEvent, ...args: Parameters<F>) => unknown;

/**
 * What `handle` takes: of a request, what returns its result; of a stream, what returns something to take items from.
 *
 * @typeParam F the function that stands for the channel in the map
 */
export type Handler<F extends (...args: never[]) => unknown> = (
  event: RequestEvent,
  ...args: Parameters<F>
) => IsAny<ReturnType<F>> extends true
  ? any
  : ReturnType<F> extends AsyncIterable<infer T>
    ? Source<Sendable<T>> | PromiseLike<Source<Sendable<T>>>
    : Sendable<Result<F>> | PromiseLike<Sendable<Result<F>>>;

/**
 * What `onPort` takes. If what it returns is a promise that rejects, the port is closed.
 *
 * @typeParam F the function that stands for the channel in the map
 */
export type PortHandler<F extends (...args: never[]) => unknown> = (
  event: MeshEvent,
  port: MeshPort,
  ...args: Parameters<F>
) => unknown;
