import { meshOf } from '../core/bus/caller.js';
import type { CallOptions } from '../core/bus/request.js';
import { invalid, show } from '../core/errors/mesh-error.js';
import { checkOptions } from '../core/options.js';
import { disposing } from '../core/registration.js';
import type { ServiceCallOptions } from './call-options.js';
import { listen, type AnyListener } from './listening.js';
import { isMethodName, noMethod } from './methods.js';
import { methodOf, providersOf, statusOf, type User } from './user.js';

export interface Listening {
  readonly event: unknown;
  readonly listener: unknown;
  end(): void;
}

/**
 * What the application holds: an object with every method that a service may have. Which ones this one has, the compiler knows, and the
 * provider; so a name that can't be a method's is the only one that is refused here.
 *
 * @param listening its listeners, and those of all that `$with` makes of it
 */
export function handleOf(user: User, options: CallOptions, listening: Set<Listening>): object {
  const { name } = user.service;
  const on = (call: string) => (event: unknown, listener: unknown) => {
    if (typeof event !== 'string' || !event || typeof listener !== 'function') {
      throw invalid(`${name}.${call}(${show(event)})`, 'the listener is a function, the event a name.');
    }
    const stop = listen(user, event, (...args) => {
      if (call === '$once') added.end();
      return listener(...args) as unknown;
    });
    const added: Listening = { event, listener, end: () => (listening.delete(added), stop()) };
    listening.add(added);
    return handle;
  };
  const close = (): void => listening.forEach((each) => each.end());
  /** What there is, and each method that was asked for. */
  const members: { [name: PropertyKey]: unknown } = {
    __proto__: null, // so that it has no other names
    $on: on('$on'),
    $once: on('$once'),
    $off: (event: string, listener: AnyListener) => {
      const those = [...listening].filter((each) => each.event === event && each.listener === listener);
      those.pop()?.end(); // of several registrations, the last one
      return handle;
    },
    $subscribe: async (event: unknown, listener: unknown) => {
      on('$subscribe')(event, listener);
      await meshOf(user.bus).confirm();
    },
    get $available() {
      return providersOf(user).length > 0;
    },
    $status: () => statusOf(user, options),
    $ready: async () => void (await methodOf(user, '$ready', options)()),
    $with: (more: ServiceCallOptions) =>
      handleOf(user, { ...options, ...checkOptions(`${name}.$with(`, more, ['timeout', 'signal']) }, listening),
    $close: close,
    [disposing]: close,
    // What a template asks for.
    [Symbol.toPrimitive]: () => `[service ${name}]`,
  };
  const handle: object = new Proxy(Object.freeze(Object.create(null) as object), {
    get(_, key) {
      if (isMethodName(key)) members[key] ??= methodOf(user, key, options);
      // Whatever is awaited is asked for `then`, what is shown as JSON for `toJSON`.
      if (key in members || typeof key !== 'string' || /^(then|toJSON)$/.test(key)) return members[key];
      return () => Promise.reject(noMethod(`${name}.${key}()`));
    },
    has: (_, key) => key in members || isMethodName(key),
    set: (_, key) => {
      throw invalid(`${name}.${String(key)} = …`, 'a service can be called, not changed.');
    },
  });
  return handle;
}
