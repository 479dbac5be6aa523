import type { Bus } from '../core/bus/bus.js';
import { meshOf } from '../core/bus/caller.js';
import { isThenable } from '../core/bus/dispatcher.js';
import type { RequestEvent } from '../core/bus/events.js';
import { invalid, MeshError, show } from '../core/errors/mesh-error.js';
import { disposing } from '../core/registration.js';
import { checkBus } from './call-options.js';
import { serving } from './current-call.js';
import type { Service } from './define.js';
import { forwardEvents } from './emitter.js';
import { methodsOf } from './methods.js';
import { References } from './references.js';
import { validate, type StandardSchema } from './schema.js';
import type { Implementation, ServiceBus } from './types.js';
import { fits, mismatch } from './version.js';
import { callsOf, eventOf } from './wire.js';

/** What `provide` takes besides. */
export interface ProvideOptions<M = object> {
  /** The methods that can be called. @default all of the implementation's that may be */
  readonly methods?: readonly (keyof M & string)[];
}

/** A service that is provided. */
export interface Provided<E = object> {
  /**
   * Tells an event to every user that listens to it, and to nobody else.
   * @throws MeshError `NOT_CLONEABLE`, `INVALID_ARGUMENT` if it doesn't fit its schema, `LIMIT`, `CLOSED` after `stop()`
   * @example
   * provided.emit('changed', path);
   */
  emit<K extends keyof E & string>(event: K, ...args: E[K] extends readonly unknown[] ? E[K] : never): void;
  /** Ends it: its users are told, and calls that are being served reject with `NO_SERVICE`. Idempotent. */
  stop(): void;
  /** The same, at the end of the block: `using provided = provide(…)`. */
  [Symbol.dispose](): void;
}

/**
 * Provides a service to the mesh. What can be called is what the implementation has as methods now: own ones, and those of its classes;
 * no accessors, nothing that begins with `_` or `$`, and nothing that every object has. Several peers may provide one name; a bus
 * provides it once. The events of an implementation that is an EventEmitter are the service's.
 *
 * @throws MeshError `INVALID_ARGUMENT` if this bus provides it already, or there is nothing to call; `NOT_AUTHORIZED` if this peer may
 *   not provide it; `LIMIT`; `CLOSED`
 * @example
 * const provided = provide(bus, files, new FilesImpl());
 * provided.emit('changed', '/a');
 */
export function provide<M extends object, E extends object>(
  bus: ServiceBus,
  service: Service<M, E>,
  implementation: Implementation<M>,
  options: ProvideOptions<M> = {},
): Provided<E> {
  const call = `provide(${show(service?.name)})`;
  checkBus(call, bus);
  if (typeof service?.name !== 'string') throw invalid(call, 'the second argument is what defineService() returned.');
  if ((typeof implementation !== 'object' && typeof implementation !== 'function') || implementation === null) {
    throw invalid(call, 'the implementation is an object with methods.');
  }
  const methods = methodsOf(call, implementation, options.methods);
  const provider = new Provider(bus as Bus, service as Service, implementation, methods, call);
  return {
    emit: (event, ...args) => provider.emit(event, args),
    stop: () => provider.stop(),
    [disposing]: () => provider.stop(),
  };
}

/** A method, by what stands for it in a call. */
interface Called {
  readonly label: string;
  run(args: unknown[], event: RequestEvent): unknown;
}

/** Users of many versions, or one that makes them up, don't fill the memory. */
const MAX_KNOWN = 1000;

class Provider {
  readonly #bus: Bus;
  readonly #service: Service;
  readonly #implementation: object;
  readonly #methods: ReadonlyMap<string, (...args: unknown[]) => unknown>;
  readonly #references: References;
  /** What rejects the calls that are being served. */
  readonly #serving = new Set<(error: unknown) => void>();
  readonly #known = new Map<string, Called>();
  readonly #undo: (() => void)[] = [];

  constructor(
    bus: Bus,
    service: Service,
    implementation: object,
    methods: Map<string, (...args: unknown[]) => unknown>,
    call: string,
  ) {
    this.#bus = bus;
    this.#service = service;
    this.#implementation = implementation;
    this.#methods = methods;
    this.#references = References.of(bus);
    const channel = callsOf(service.name);
    if (meshOf(bus).dispatcher.handlers.has(channel)) {
      throw invalid(call, 'this bus provides it already. Call stop() of the first one before.');
    }
    const handling = bus.handle(channel, (event: RequestEvent, head: unknown, ...args: unknown[]) =>
      this.#serve(event, head, args),
    );
    this.#undo.push(
      () => handling.dispose(),
      forwardEvents(implementation, (event, args) => this.#forward(event, args)),
    );
  }

  emit(event: string, args: readonly unknown[]): void {
    const { name, version, schema } = this.#service;
    const call = `${name}.emit(${show(event)})`;
    if (this.#undo.length === 0) throw new MeshError('CLOSED', `${call}: the service was stopped.`);
    if (typeof event !== 'string' || event === '' || event.startsWith('$')) {
      throw invalid(call, "an event's name is a text that doesn't begin with '$'.");
    }
    const fitting = check((schema.events as Schemas | undefined)?.[event], args, `${call}: its arguments don't fit: `);
    if (isThenable(fitting)) throw invalid(call, 'the schema of an event has to answer at once.');
    this.#bus.send(eventOf(name, event), version, ...(fitting as unknown[]));
  }

  stop(): void {
    for (const each of this.#undo.splice(0)) each();
    const error = new MeshError('NO_SERVICE', `${this.#service.name}: its provider stopped it.`);
    for (const reject of this.#serving) reject(error);
    this.#serving.clear();
  }

  /** What can't be sent is not to be thrown at whoever emits it. */
  #forward(event: string, args: readonly unknown[]): void {
    if (this.#bus.state === 'closed') return this.stop();
    try {
      this.emit(event, args);
    } catch (error) {
      meshOf(this.#bus).reports.failed(error, this.#bus.self, eventOf(this.#service.name, event));
    }
  }

  #serve(event: RequestEvent, head: unknown, args: unknown[]): unknown {
    const called = this.#called((Array.isArray(head) ? head[0] : head) as string);
    if (!called) return { version: this.#service.version, methods: [...this.#methods.keys()] };
    const { label } = called;
    const result = this.#references.serve(event, head, args, label, (values) => called.run(values, event));
    return isThenable(result) ? this.#untilStopped(result) : result;
  }

  /** `undefined`: what every provider answers. Those that could be called are remembered. */
  #called(head: unknown): Called | undefined {
    const known = this.#known.get(head as string);
    if (known) return known;
    const { name: service, version: own } = this.#service;
    const text = typeof head === 'string' ? head : '';
    const at = text.lastIndexOf('@');
    const [name, version] = [text.slice(0, at), text.slice(at + 1)];
    const label = `${service}.${name.slice(0, 100)}()`;
    if (at === 0) return undefined; // DESCRIBE
    if (version && !fits(version, own)) throw mismatch(label, version, own);
    const method = this.#methods.get(name);
    if (at < 0 || !method) {
      throw new MeshError('NO_METHOD', `${label}: there is no such method, or none that may be called from elsewhere.`);
    }
    const called = { label, run: this.#checked(name, label, method) };
    if (this.#known.size < MAX_KNOWN) this.#known.set(text, called);
    return called;
  }

  #checked(name: string, label: string, method: (...args: unknown[]) => unknown): Called['run'] {
    const schema = (this.#service.schema.methods as { [method: string]: { args?: StandardSchema } } | undefined)?.[
      name
    ];
    const run = (args: unknown, event: RequestEvent): unknown =>
      serving(event, method, this.#implementation, args as unknown[]);
    if (!schema?.args) return run;
    return (args, event) => {
      const fitting = check(schema.args, args, `${label}: its arguments don't fit: `);
      return isThenable(fitting) ? fitting.then((each) => run(each, event)) : run(fitting, event);
    };
  }

  #untilStopped(result: PromiseLike<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#serving.add(reject);
      const settled = (settle: (value: unknown) => void) => (value: unknown) => {
        this.#serving.delete(reject);
        settle(value);
      };
      result.then(settled(resolve), settled(reject));
    });
  }
}

type Schemas = { readonly [event: string]: StandardSchema | undefined };

function check(schema: StandardSchema | undefined, args: readonly unknown[], problem: string): unknown {
  return schema ? validate(schema, args, (issues) => new MeshError('INVALID_ARGUMENT', problem + issues)) : args;
}
