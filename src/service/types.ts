import type { Bus } from '../core/bus/bus.js';
import type { Sendable } from '../core/wire/transfer.js';

/** A bus, whatever its channels: they are none of a service's business. */
export type ServiceBus = Pick<Bus<never>, 'self' | 'state' | 'closed'>;

type AnyFunction = (...args: never[]) => unknown;
type IsAny<T> = 0 extends 1 & T ? true : false;

/** The overloads of a function, up to four, as a union of functions of one signature each. */
type Overloads<F> = F extends {
  (...args: infer A1): infer R1;
  (...args: infer A2): infer R2;
  (...args: infer A3): infer R3;
  (...args: infer A4): infer R4;
}
  ? Signature<A1, R1> | Signature<A2, R2> | Signature<A3, R3> | ((...args: A4) => R4)
  : never;

/** Of fewer overloads, the first ones found are `(...args: unknown[]) => unknown`-like, or repeat: they say nothing. */
type Signature<A extends unknown[], R> = unknown extends R ? never : (...args: A) => R;

type ToIntersection<U> = (U extends unknown ? (each: U) => void : never) extends (all: infer I) => void ? I : never;

/** What can move: an argument of only texts, numbers and functions can't. */
type CanMove<A extends readonly unknown[]> =
  IsAny<A[number]> extends true
    ? false
    : unknown extends A[number]
      ? false
      : [Exclude<Extract<A[number], object>, AnyFunction>] extends [never]
        ? false
        : true;

type SendableAll<A extends readonly unknown[]> = { [I in keyof A]: Sendable<A[I]> };

/** As it is, so that its documentation, generics and overloads are; and with `transfer()`, where something could move. */
type AsIs<F extends AnyFunction> =
  CanMove<Parameters<F>> extends true ? F & ((...args: SendableAll<Parameters<F>>) => ReturnType<F>) : F;

type Promised<F> = F extends (...args: infer A) => infer R ? (...args: SendableAll<A>) => Arriving<R> : never;

/**
 * A method, as its user has it: what returns a promise or an `AsyncIterable` stays as it is; other streams (generators,
 * ReadableStreams) arrive as an `AsyncIterable`; anything else returns a promise.
 *
 * @typeParam F the method
 */
export type RemoteMethod<F extends AnyFunction> =
  IsLater<ReturnType<Overloads<F>>> extends true
    ? AsIs<F>
    : ToIntersection<Overloads<F> extends infer O extends AnyFunction ? EachMethod<O> : never>;

type EachMethod<O> = O extends AnyFunction ? (IsLater<ReturnType<O>> extends true ? O : Promised<O>) : never;

/** Whether it arrives as what it is. */
type IsLater<R> =
  IsAny<R> extends true
    ? false
    : [R] extends [never]
      ? false
      : [R] extends [PromiseLike<infer T>]
        ? [Streamed<T>] extends [T]
          ? true
          : false
        : [R] extends [AsyncIterable<infer T>]
          ? [AsyncIterable<T>] extends [R]
            ? true
            : false
          : false;

/** What arrives as a stream. Generators that are not asynchronous are such; lists and sets arrive as what they are. */
type AnyStream<T> = AsyncIterable<T> | ReadableStream<T> | IterableIterator<T>;

/** Of a stream, that items can be taken from it is all that arrives. */
type Streamed<R> = IsAny<R> extends true ? R : R extends AnyStream<infer T> ? AsyncIterable<T> : R;

type Arriving<R> = [R] extends [never]
  ? Promise<never>
  : [R] extends [AnyStream<unknown>]
    ? Streamed<R>
    : Promise<Streamed<Awaited<R>>>;

type ObjectName =
  | 'constructor'
  | 'hasOwnProperty'
  | 'isPrototypeOf'
  | 'propertyIsEnumerable'
  | 'toLocaleString'
  | 'toString'
  | 'valueOf';

type MethodName<K, F> = K extends string
  ? K extends `_${string}` | `$${string}` | 'then' | 'toJSON' | ObjectName
    ? never
    : NonNullable<F> extends AnyFunction
      ? K
      : never
  : never;

/**
 * The methods of a service, as its users have them. One that is optional can be called: is it not there, that rejects with `NO_METHOD`.
 *
 * @typeParam M the methods, as the interface of the service has them
 */
export type RemoteMethods<M> = {
  readonly [K in keyof M as MethodName<K, M[K]>]-?: NonNullable<M[K]> extends infer F extends AnyFunction
    ? RemoteMethod<F>
    : never;
};

/** What a stream is made of. A class of the application's with an iterator of its own would arrive as a plain object. */
type Items<T> = AsyncIterable<T> | ReadableStream<T> | IterableIterator<T> | readonly T[] | ReadonlySet<T>;

type LooseResult<R> =
  IsAny<R> extends true
    ? unknown
    : R extends AsyncIterable<infer T>
      ? Items<Sendable<T>> | PromiseLike<Items<Sendable<T>>>
      : Sendable<Awaited<R>> | PromiseLike<Sendable<Awaited<R>>>;

type Loose<F> = F extends (...args: infer A) => infer R ? (...args: A) => LooseResult<R> : never;

/**
 * What `provide` takes: the methods of a service, each with what it returns at once or as a promise, and streams as generators,
 * lists, sets, async iterables or ReadableStreams.
 *
 * @typeParam M the methods, as the interface of the service has them
 */
export type Implementation<M> = {
  readonly [K in keyof M as MethodName<K, M[K]>]: M[K] extends infer F
    ? F extends AnyFunction
      ? ToIntersection<Overloads<F> extends infer O ? Loose<O> : never>
      : F
    : never;
};
