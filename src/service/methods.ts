import { invalid, MeshError } from '../core/errors/mesh-error.js';
import { patches } from './emitter.js';
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
type Members = { [name: string]: PropertyDescriptor };

/** What emitters of all kinds have: whoever can call it tells events in the service's name, and removes its listeners. */
const ofEmitters = /^(emit|on|off|once)(Any|Serial)?$|Listeners?$/;

/**
 * What can be called of an implementation: own methods and those of its classes, as they are now. Never what the platform's classes
 * give (`EventTarget`, `Map`), nor what an event emitter is: that is for its own process.
 */
export function methodsOf(
  call: string,
  implementation: object,
  only: readonly string[] | undefined,
): Map<string, Method> {
  let members: Members = {};
  const methods = new Map<string, Method>();
  for (let owner: object | null = implementation; owner; owner = Object.getPrototypeOf(owner) as object | null) {
    const own = Object.getOwnPropertyDescriptors(owner) as Members;
    const made: unknown = own['constructor']?.value;
    if (typeof made === 'function' && isPlatform(made)) break;
    // Node's emitter, and those made like it.
    if (owner !== implementation && own['emit'] && own['removeListener']) continue;
    // Of others, the very object that has the methods may be one, or its class.
    if (own['emit'] && own['on']) for (const name in own) if (ofEmitters.test(name)) own[name] = {};
    // The nearest one counts, whatever it is: an accessor hides a method behind it.
    members = { ...own, ...members };
  }
  for (const name of only ?? Object.keys(members)) {
    const method: unknown = members[name]?.value;
    if (isMethodName(name) && isMethod(method) && !patches.has(method)) methods.set(name, method);
    else if (only) throw invalid(call, `methods: there is no method '${name}' that may be called from elsewhere.`);
  }
  return methods;
}

function isMethod(value: unknown): value is Method {
  return typeof value === 'function' && !/^class\b/.test(Function.prototype.toString.call(value));
}
