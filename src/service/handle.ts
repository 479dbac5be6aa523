import type { CallOptions } from '../core/bus/request.js';
import { invalid, MeshError, show } from '../core/errors/mesh-error.js';
import { disposing } from '../core/registration.js';
import { checkOptions, type ServiceCallOptions } from './call-options.js';
import { isMethodName } from './methods.js';
import type { ServiceUser } from './user.js';

type AnyListener = (...args: unknown[]) => unknown;

/**
 * What the application holds: an object with every method that a service may have. Which ones this one has, the compiler knows, and the
 * provider; so a name that can't be a method's is the only one that is refused here.
 */
export function handleOf(user: ServiceUser, options: ServiceCallOptions): object {
  const { name } = user.service;
  const callOptions: CallOptions = { timeout: options.timeout, signal: options.signal, wait: Infinity };
  const members = new Map<PropertyKey, unknown>();
  const add = (event: unknown, listener: unknown, call: string, once: boolean): object => {
    checkListener(`${name}.${call}(${show(event)})`, event, listener);
    user.on(event as string, listener as AnyListener, once);
    return handle;
  };
  const own: { [name: PropertyKey]: unknown } = {
    $on: (event: unknown, listener: unknown) => add(event, listener, '$on', false),
    $once: (event: unknown, listener: unknown) => add(event, listener, '$once', true),
    $off: (event: string, listener: AnyListener) => (user.off(event, listener), handle),
    $subscribe: async (event: unknown, listener: unknown) => {
      add(event, listener, '$subscribe', false);
      await user.confirm();
    },
    $status: () => user.status(callOptions),
    $ready: () => user.ready(callOptions),
    $with: (more: ServiceCallOptions) =>
      handleOf(user, { ...options, ...checkOptions(`${name}.$with(options)`, more, ['timeout', 'signal']) }),
    $close: () => user.close(),
    [disposing]: () => user.close(),
    // What a template, or a debugger, asks for.
    [Symbol.toPrimitive]: () => `[service ${name}]`,
    [Symbol.toStringTag]: 'Service',
  };
  const handle: object = new Proxy(Object.freeze(Object.create(null) as object), {
    get(_, key) {
      if (key === '$available') return user.providers().length > 0;
      if (Object.hasOwn(own, key)) return own[key];
      // Whatever is awaited is asked for `then`, what is shown as JSON for `toJSON`, and both for symbols.
      if (typeof key !== 'string' || key === 'then' || key === 'toJSON') return undefined;
      let method = members.get(key);
      if (!method) {
        method = isMethodName(key)
          ? user.method(key, callOptions)
          : () =>
              Promise.reject(new MeshError('NO_METHOD', `${name}.${key}(): no method of a service has such a name.`));
        members.set(key, method);
      }
      return method;
    },
    has: (_, key) => key === '$available' || Object.hasOwn(own, key) || (typeof key === 'string' && isMethodName(key)),
    set: (_, key) => {
      throw invalid(`${name}.${String(key)} = …`, 'a service can be called, not changed.');
    },
  });
  return handle;
}

function checkListener(call: string, event: unknown, listener: unknown): void {
  if (typeof event !== 'string' || event === '') throw invalid(call, 'an event has a name.');
  if (typeof listener !== 'function') throw invalid(call, 'the listener is a function.');
}
