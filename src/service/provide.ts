import type { Bus } from '../core/bus/bus.js';
import { meshOf } from '../core/bus/caller.js';
import { isThenable } from '../core/bus/dispatcher.js';
import type { ServedRequest } from '../core/bus/events.js';
import { SERVICE } from '../core/directory/grant.js';
import { invalid, MeshError, show } from '../core/errors/mesh-error.js';
import { checkOptions } from '../core/options.js';
import { disposing } from '../core/registration.js';
import { checkCall } from './check-call.js';
import { serving } from './current-call.js';
import type { AnyService, Service } from './define.js';
import { forwardEvents } from './emitter.js';
import { isObject } from './lower.js';
import { methodsOf, noMethod } from './methods.js';
import { referencesOf, type Run } from './references.js';
import { after, validate } from './schema.js';
import type { Implementation, ServiceBus } from './types.js';
import { checkFit } from './version.js';

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
  /** Ends it: its users are told, and calls that are being served, and streams, reject with `NO_SERVICE`. Idempotent. */
  stop(): void;
  /** The same, at the end of the block: `using provided = provide(…)`. */
  [Symbol.dispose](): void;
}

/** A method that can be called. */
interface Served {
  /** "files.read()" */
  readonly label: string;
  readonly run: Run;
}

/**
 * Provides a service to the mesh. What can be called is what the implementation has as methods now: own ones, and those of its classes;
 * no accessors, nothing that begins with `_` or `$`, and nothing that every object has. Several peers may provide one name; a bus
 * provides it once. The events of an implementation that is an EventEmitter are the service's.
 *
 * @throws MeshError `INVALID_ARGUMENT` if this bus provides it already, or an option is none; `NOT_AUTHORIZED` if this peer may
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
  const begun = checkCall('provide', bus, service);
  const call = `${begun})`;
  checkOptions(`${begun}, implementation, `, options, ['methods']);
  if (!isObject(implementation)) throw invalid(call, 'the implementation is an object with methods.');
  const { name, version, schema } = service as AnyService;
  const channel = SERVICE + name;
  const mesh = meshOf(bus as Bus);
  if (mesh.dispatcher.handlers.has(channel)) throw invalid(call, 'this bus provides it already. Call stop() before.');
  const references = referencesOf(bus as Bus);

  const methods = methodsOf(call, implementation, options.methods);
  const description = { version, methods: [...methods.keys()] };
  const served = new Map<unknown, Served>();
  for (const [method, run] of methods) {
    const label = `${name}.${method}()`;
    const expected = schema.methods?.[method]?.args;
    const direct: Run = (given, event) => serving(event, run, implementation, given);
    const checked: Run = (given, event) =>
      after(validate(expected, given, 'INVALID_ARGUMENT', label), (fitting) => direct(fitting as unknown[], event));
    served.set(method, { label, run: expected ? checked : direct });
  }

  const emit = (event: string, ...args: readonly unknown[]): void => {
    const told = `${name}.emit(${show(event)})`;
    if (undo.length === 0) throw new MeshError('CLOSED', `${told}: the service was stopped.`);
    if (typeof event !== 'string' || !/^[^$]/.test(event)) {
      throw invalid(told, "an event's name is a text that doesn't begin with '$'.");
    }
    const fitting = validate(schema.events?.[event], args, 'INVALID_ARGUMENT', told);
    if (isThenable(fitting)) {
      fitting.then(undefined, () => {}); // nobody waits for it
      throw invalid(told, 'its schema has to answer at once.');
    }
    (bus as Bus).send(`${channel}/${event}`, version, ...(fitting as unknown[]));
  };

  const stop = (): void => {
    for (const each of undo.splice(0)) each();
  };

  const handling = (bus as Bus).handle(channel, (event, refs: unknown, method: unknown, user: unknown, ...args) => {
    if (method === '$status') return description;
    const called = served.get(method);
    const label = called?.label ?? `${name}.${typeof method === 'string' ? method.slice(0, 100) : '?'}()`;
    checkFit(label, user, version, bus.self);
    if (method === '$ready') return description;
    if (!called) throw noMethod(label);
    return references.serve(event as ServedRequest, refs, args, label, called.run);
  });
  const undo = [
    () => handling.dispose(),
    () =>
      references.withdraw(channel, new MeshError('NO_SERVICE', `${name}: its provider, ${bus.self.name}, stopped it.`)),
    forwardEvents(implementation, (event, args) => {
      if (bus.state === 'closed') return stop();
      try {
        emit(event, ...args);
      } catch (error) {
        // What can't be sent is not to be thrown at whoever emits it.
        mesh.reports.failed(error, bus.self, `${channel}/${event}`);
      }
    }),
  ];
  return { emit, stop, [disposing]: stop };
}
