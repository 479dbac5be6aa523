import type { MessageLimits } from '../directory/limits.js';
import { MeshError } from '../errors/mesh-error.js';
import { domEnd } from '../port/message-port.js';
import { inspect } from './inspect.js';

/** Up to so many values and levels of plain data no note is taken of the objects that were seen: that takes five times as long. */
const MAX_VALUES = 65_536;
const MAX_LEVELS = 32;

/** Of the message that is being looked at: characters so far, and values that it may still have. */
let characters = 0;
let values = 0;

/**
 * What is too much in a message that arrived, in words; `undefined` if nothing is. It runs for each one: of those that travel in
 * batches, it takes no more than a few per cent of their time.
 */
export function excessOf(message: readonly unknown[], limits: MessageLimits): string | undefined {
  characters = 0;
  values = MAX_VALUES;
  for (let i = 0; i < message.length; i++) {
    if (!isLight(message[i], MAX_LEVELS)) return inspected(message, limits);
  }
  return characters <= limits.size ? undefined : inspected(message, limits);
}

/** Whether there is plain data only, and not much. What occurs twice counts twice; a cycle goes on until it is too deep. */
function isLight(value: unknown, levels: number): boolean {
  if (--values < 0) return false;
  if (typeof value === 'string') characters += value.length;
  return typeof value !== 'object' || value === null || (levels > 0 && isLightObject(value, levels - 1));
}

function isLightObject(value: object, levels: number): boolean {
  const prototype = Object.getPrototypeOf(value) as unknown;
  if (prototype === Object.prototype) {
    // What else it inherits did not arrive, and does no harm.
    for (const key in value) {
      characters += key.length;
      if (!isLight((value as Record<string, unknown>)[key], levels)) return false;
    }
    return true;
  }
  if (prototype !== Array.prototype) return prototype === Date.prototype;
  // Not by index: a sparse array is long, and a few bytes. Named properties are among these.
  for (const each of Object.values(value)) if (!isLight(each, levels)) return false;
  return true;
}

/** Here, a view on a part of a buffer holds all of that. */
const whole = { buffers: { has: () => true }, ports: new Set<object>() };

function inspected(message: readonly unknown[], limits: MessageLimits): string | undefined {
  try {
    inspect(message, domEnd, whole, limits);
    return undefined;
  } catch (error) {
    // Else more objects than can be told apart.
    return MeshError.is(error) ? error.message : 'the message has too many objects.';
  }
}
