import { invalid, MeshError } from '../core/errors/mesh-error.js';
import { isPlatform } from '../core/wire/kinds.js';

/** Whether a method may have that name. */
export function isMethodName(name: unknown): name is string {
  return typeof name === 'string' && !/^($|[_$]|(then|toJSON)$)/.test(name) && !(name in Object.prototype);
}

/** What to say of one that isn't there, or may not be called. */
export function noMethod(call: string): MeshError {
  return new MeshError('NO_METHOD', `${call}: there is no such method that may be called from elsewhere.`);
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
  const members = new Map<string, unknown>();
  const methods = new Map<string, Method>();
  for (let owner: object | null = implementation; owner; owner = Object.getPrototypeOf(owner) as object | null) {
    const own = Object.getOwnPropertyDescriptors(owner) as { [name: string]: PropertyDescriptor };
    const made: unknown = own['constructor']?.value;
    if (typeof made === 'function' && isPlatform(made)) break;
    if (owner !== implementation && isEmitter(own)) continue;
    // The nearest one counts, whatever it is: an accessor hides a method behind it.
    for (const [name, { value }] of Object.entries(own)) if (!members.has(name)) members.set(name, value);
  }
  for (const name of only ?? members.keys()) {
    const method = members.get(name);
    if (isMethodName(name) && isMethod(method)) methods.set(name, method);
    else if (only) throw invalid(call, `methods: there is no method '${name}' that may be called from elsewhere.`);
  }
  return methods;
}

/** Node's, and those made like it. */
function isEmitter(members: { [name: string]: PropertyDescriptor }): boolean {
  return ['on', 'emit', 'removeListener'].every((name) => name in members);
}

function isMethod(value: unknown): value is Method {
  return typeof value === 'function' && !/^class\b/.test(Function.prototype.toString.call(value));
}
