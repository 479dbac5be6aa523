import { invalid } from '../core/errors/mesh-error.js';
import { isPlatform } from '../core/wire/kinds.js';

/** Whether a method may have that name. */
export function isMethodName(name: string): boolean {
  return !(/^($|_|\$)/.test(name) || name === 'then' || name === 'toJSON' || name in Object.prototype);
}

type Method = (...args: unknown[]) => unknown;

/**
 * What can be called of an implementation: own methods and those of its classes, as they are now. Never what the platform's classes
 * give (`EventTarget`, `Map`), nor what an event emitter is: that is for its own process.
 */
export function methodsOf(
  call: string,
  implementation: object,
  only: readonly string[] | undefined,
): Map<string, Method> {
  const methods = new Map<string, Method>();
  const seen = new Set<string>();
  for (let owner: object | null = implementation; owner; owner = Object.getPrototypeOf(owner) as object | null) {
    const members = Object.getOwnPropertyDescriptors(owner) as { [name: string]: PropertyDescriptor };
    const made: unknown = Object.hasOwn(members, 'constructor') && members['constructor']?.value;
    if (typeof made === 'function' && isPlatform(made)) break;
    if (owner !== implementation && isEmitter(members)) continue;
    for (const [name, { value }] of Object.entries(members)) {
      // The nearest one counts, whatever it is: an accessor hides a method behind it.
      if (seen.has(name)) continue;
      seen.add(name);
      if (isMethodName(name) && typeof value === 'function' && !isClass(value as Method))
        methods.set(name, value as Method);
    }
  }
  if (!only) return methods;
  for (const name of only) {
    if (!methods.has(name))
      throw invalid(call, `methods: there is no method '${name}' that could be called from elsewhere.`);
  }
  return new Map([...methods].filter(([name]) => only.includes(name)));
}

/** Node's, and those made like it. */
function isEmitter(members: { [name: string]: PropertyDescriptor }): boolean {
  return ['on', 'emit', 'removeListener'].every((name) => Object.hasOwn(members, name));
}

function isClass(value: Method): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}
