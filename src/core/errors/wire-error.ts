import { MeshError } from './mesh-error.js';

// Structured clone drops an error's own properties, its class where it is not a built-in one, and AggregateError's
// errors. So an error crosses the wire as a plain array, and is made again on the other side.

/** `[class, name, message, stack, own properties, errors, cause?]`; a cause that is there but no error is `[value]` */
export type WireError = readonly unknown[];

/** How deep causes and errors are followed, and how many of `errors` and characters of a stack travel. */
const MAX_DEPTH = 8;
const MAX_ERRORS = 64;
const MAX_TEXT = 16_384;
/** Causes and errors in one error, in all: one that holds itself 64 times, eight deep, is a few bytes on the wire. */
const MAX_PARTS = 256;

interface Budget {
  parts: number;
}

type ErrorClass = new (...args: never[]) => Error;

const builtIns: readonly ErrorClass[] = [
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  AggregateError,
];
const classes = new Map<string, ErrorClass>();
for (const builtIn of [...builtIns, MeshError]) classes.set(builtIn.name, builtIn);

/**
 * Registers an error class, so that errors of it that a handler throws arrive as instances of it. Register it, under the
 * same name, on both sides. The class's constructor does not run on arrival: message, stack, cause and own properties are
 * those of the error thrown.
 *
 * @param errorClass the class; it must extend `Error`
 * @param name what it is called on the wire; default: the class's own name. Give one where the code is minified.
 * @throws MeshError `INVALID_ARGUMENT` if it isn't an error class, or the name is taken by another one
 * @example
 * class NotFound extends Error {}
 * registerError(NotFound, 'NotFound');
 */
export function registerError(errorClass: ErrorClass, name: string = errorClass.name): void {
  if (typeof errorClass !== 'function' || !(errorClass.prototype instanceof Error)) {
    throw new MeshError('INVALID_ARGUMENT', `registerError(${name}): not a class that extends Error.`);
  }
  const holder = classes.get(name);
  if (holder !== undefined && holder !== errorClass) {
    throw new MeshError(
      'INVALID_ARGUMENT',
      `registerError('${name}'): another class has this name. Give a name of its own as the second argument.`,
    );
  }
  classes.set(name, errorClass);
}

/** URLs and absolute paths, of any system: between quotes whatever stands there, else up to the next blank. */
const pathStart = String.raw`(?:\b[a-z][a-z0-9+.-]{0,30}:\/\/|\b[a-z]:[\\/]|\\\\|(?<![\w.])\/(?=\w))`;
const quotedPaths = new RegExp(String.raw`(['"\x60])${pathStart}[^'"\x60]*\1`, 'gi');
const paths = new RegExp(String.raw`${pathStart}[^\s'"\x60<>|)]*`, 'gi');

/**
 * Something thrown, as it travels. `undefined` for what is no error: that travels as it is.
 *
 * @param redact leaves out the stack, paths and URLs, and properties that are no plain values: for a peer that shall not learn
 *   how this one is built
 */
export function encodeError(
  error: unknown,
  redact = false,
  depth = 0,
  budget = { parts: MAX_PARTS },
): WireError | undefined {
  if (!isError(error)) return undefined;
  const source = error as Error & { errors?: unknown };
  const properties: Record<string, unknown> = {};
  for (const key of Object.keys(source)) {
    if (!builtInKeys.has(key)) copyProperty(source, key, properties, redact);
  }
  const errors =
    Array.isArray(source.errors) && depth < MAX_DEPTH
      ? source.errors.slice(0, MAX_ERRORS).map((each) => encodePart(each, redact, depth, budget))
      : null;
  const wire: unknown[] = [
    classOf(source),
    text(source.name),
    redact ? redacted(text(source.message)) : text(source.message),
    redact ? '' : text(source.stack),
    properties,
    errors,
  ];
  if ('cause' in source && depth < MAX_DEPTH) wire.push(encodePart(source.cause, redact, depth, budget));
  return wire;
}

/** The error that `wire` describes. Never throws: what doesn't fit is left out. `origin` heads the remote stack. */
export function decodeError(wire: unknown, origin: string, depth = 0, budget = { parts: MAX_PARTS }): Error {
  const parts = Array.isArray(wire) ? (wire as unknown[]) : [];
  const [className, name, message, stack, properties, errors] = parts;
  const error = construct(text(className), text(name), text(message), decodeErrors(errors, origin, depth, budget));
  // Nothing but what encodeError makes: a typed array would have a property for each of its bytes.
  if (typeof properties === 'object' && properties && Object.getPrototypeOf(properties) === Object.prototype) {
    for (const key of Object.keys(properties).slice(0, MAX_PARTS)) {
      if (!builtInKeys.has(key)) define(error, key, (properties as Record<string, unknown>)[key], true);
    }
  }
  if (parts.length > 6) define(error, 'cause', decodePart(parts[6], origin, depth, budget));
  const remote = frames(text(stack));
  // Some DOMExceptions have no stack at all, there or here.
  if (depth === 0) define(error, 'stack', `${error.stack ?? head(error)}\n    --- ${origin} ---\n${remote}`);
  else if (remote) define(error, 'stack', `${head(error)}\n${remote}`);
  return error;
}

const builtInKeys: ReadonlySet<string> = new Set(['name', 'message', 'stack', 'cause', 'errors', '__proto__']);

function construct(className: string, name: string, message: string, errors: unknown[] | undefined): Error {
  if (className === 'DOMException' && typeof DOMException === 'function') return new DOMException(message, name);
  const known = classes.get(className);
  // A constructor of the application's is not called with arguments it doesn't expect: the prototype makes the class.
  const error =
    known === AggregateError || errors
      ? new AggregateError(errors ?? [], message)
      : known !== undefined && builtIns.includes(known)
        ? new (known as new (message: string) => Error)(message)
        : new Error(message);
  if (known !== undefined && Object.getPrototypeOf(error) !== known.prototype) {
    Object.setPrototypeOf(error, known.prototype as object);
  }
  if (name !== '' && error.name !== name) define(error, 'name', name);
  return error;
}

function decodeErrors(errors: unknown, origin: string, depth: number, budget: Budget): unknown[] | undefined {
  if (!Array.isArray(errors) || depth >= MAX_DEPTH) return undefined;
  return errors.slice(0, MAX_ERRORS).map((each) => decodePart(each, origin, depth, budget));
}

/** A cause, or one of `errors`: `[value]`, or an error of its own, two levels of arrays apart from it */
function encodePart(value: unknown, redact: boolean, depth: number, budget: Budget): unknown {
  if (--budget.parts < 0) return [0];
  const error = encodeError(value, redact, depth + 1, budget);
  if (error) return [1, error];
  const holder: Record<string, unknown> = {};
  copyProperty({ value }, 'value', holder, redact);
  return [0, holder['value']];
}

/** Internal: a text without URLs and paths; of other values, plain ones only. */
export function redacted(value: unknown): unknown {
  if (typeof value === 'string') return text(value).replace(quotedPaths, '$1<path>$1').replace(paths, '<path>');
  return typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}

/** Internal: something thrown that is no error, as an error's own properties are for a peer that shall not learn how this one is built. */
export function redactedThrown(thrown: unknown): unknown {
  if (typeof thrown === 'string') return redacted(thrown);
  if (typeof thrown !== 'object' || thrown === null) return thrown;
  const properties: Record<string, unknown> = {};
  for (const key of Object.keys(thrown)) {
    if (key !== 'stack' && key !== '__proto__') copyProperty(thrown, key, properties, true);
  }
  return properties;
}

function decodePart(part: unknown, origin: string, depth: number, budget: Budget): unknown {
  if (!Array.isArray(part) || depth >= MAX_DEPTH || --budget.parts < 0) return undefined;
  return part[0] === 1 ? decodeError(part[1], origin, depth + 1, budget) : part[1];
}

/** Copies one property, as structured clone would; one that can't be read or cloned is left out, the error still goes. */
function copyProperty(source: object, key: string, target: Record<string, unknown>, redact: boolean): void {
  try {
    const value = (source as Record<string, unknown>)[key];
    target[key] = redact ? redacted(value) : structuredClone(value);
  } catch {
    // left out
  }
}

function isError(value: unknown): boolean {
  return (
    value instanceof Error ||
    (typeof value === 'object' && value !== null && /Error\]|Exception\]$/.test(Object.prototype.toString.call(value)))
  );
}

/** The nearest class on the prototype chain that is registered; of another realm's built-in, the name tells. */
function classOf(error: Error): string {
  if (Object.prototype.toString.call(error) === '[object DOMException]') return 'DOMException';
  for (let proto = Object.getPrototypeOf(error) as object | null; proto; proto = Object.getPrototypeOf(proto)) {
    for (const [name, { prototype }] of classes) {
      // Another copy's MeshError is found as what it extends.
      if (prototype === proto) return prototype === Error.prototype && MeshError.is(error) ? 'MeshError' : name;
    }
  }
  return text(error.name);
}

/** Not `String(error)`: what came from there may have brought a `toString` along. */
function head({ name, message }: Error): string {
  return `${name}: ${message}`;
}

/** The lines of a stack below its message. */
function frames(stack: string): string {
  const start = stack.search(/^ +at /m);
  return start < 0 ? '' : stack.slice(start);
}

function define(error: Error, key: string, value: unknown, enumerable = false): void {
  Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true });
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_TEXT) : '';
}
