import { invalid } from '../core/errors/mesh-error.js';

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
  for (
    let owner: object | null = implementation;
    owner && !isPlatform(owner);
    owner = Object.getPrototypeOf(owner) as object | null
  ) {
    if (owner !== implementation && isEmitter(owner)) continue;
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(owner)) as [
      string,
      PropertyDescriptor,
    ][]) {
      // The nearest one counts, whatever it is: an accessor hides a method behind it.
      if (!isMethodName(name) || methods.has(name) || isHidden(implementation, owner, name)) continue;
      if (typeof value === 'function' && !isClass(value as Method)) methods.set(name, value as Method);
    }
  }
  if (!only) return methods;
  for (const name of only) {
    if (!methods.has(name))
      throw invalid(call, `methods: there is no method '${name}' that could be called from elsewhere.`);
  }
  return new Map([...methods].filter(([name]) => only.includes(name)));
}

function isHidden(implementation: object, owner: object, name: string): boolean {
  for (let each = implementation; each !== owner; each = Object.getPrototypeOf(each) as object) {
    if (Object.hasOwn(each, name)) return true;
  }
  return false;
}

function isPlatform(owner: object): boolean {
  if (owner === Object.prototype) return true;
  const constructor: unknown = Object.getOwnPropertyDescriptor(owner, 'constructor')?.value;
  return (
    typeof constructor === 'function' && Function.prototype.toString.call(constructor).endsWith('{ [native code] }')
  );
}

/** Node's, and those made like it. */
export function isEmitter(value: object): boolean {
  return ['on', 'emit', 'removeListener'].every(
    (name) => typeof Object.getOwnPropertyDescriptor(value, name)?.value === 'function',
  );
}

function isClass(value: Method): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}
