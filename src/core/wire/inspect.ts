import { unlimited, type MessageLimits } from '../directory/limits.js';
import { MeshError } from '../errors/mesh-error.js';
import { isPort } from '../port/port-holder.js';
import type { PortCapabilities } from '../port/port.js';
import { isPartial } from './isolate.js';
import { isInstance, kindOf, platformClass } from './kinds.js';
import { causeOf } from './rebuild.js';
import { Transfer } from './transfer.js';

export interface Moving {
  /** Buffers that are moved, not copied: views on a part of them stay as they are */
  readonly buffers: Pick<ReadonlySet<object>, 'has'>;
  readonly ports: ReadonlySet<object>;
}

export interface Findings {
  /** Of buffers and views (each buffer once), Blobs, texts and keys: what weighs in a message */
  readonly bytes: number;
  /** Whether there are views that have to be cut out */
  readonly partial: boolean;
}

/**
 * Looks once through all of a message, level by level: the first objects in it, the objects in those, and so on.
 * @throws MeshError `NOT_CLONEABLE` if it holds a port that does not move, a `transfer()`, or what the far end would read as `null`; `LIMIT`
 */
export function inspect(
  values: readonly unknown[],
  far: PortCapabilities,
  moving: Moving,
  limits: MessageLimits = unlimited,
): Findings {
  const seen = new Set<object>();
  let next: object[] = [];
  let bytes = 0;
  let blobs = 0;
  let partial = false;
  const add = (value: unknown): void => {
    if (typeof value === 'string') bytes += value.length;
    else if (typeof value === 'object' && value !== null) {
      const { size } = seen;
      if (seen.add(value).size > size) next.push(value);
    }
  };
  const look = (value: object): void => {
    if (moving.ports.size > 0 && moving.ports.has(value)) return;
    switch (kindOf(value)) {
      case 'record':
        if (isInstance(value) && isPort(value)) throw notListed();
        if (value instanceof Transfer) throw new MeshError('NOT_CLONEABLE', MISPLACED);
        for (const key of Object.keys(value)) {
          bytes += key.length;
          add((value as Record<string, unknown>)[key]);
        }
        break;
      case 'array':
        // Named properties too. Not by keys: of a long array, to make these takes ten times as long as all the rest.
        Object.values(value).forEach(add);
        break;
      case 'map':
        Map.prototype.forEach.call(value, (each, key) => (add(key), add(each)));
        break;
      case 'set':
        Set.prototype.forEach.call(value, add);
        break;
      case 'error':
        add(Object.getOwnPropertyDescriptor(value, 'message')?.value);
        add((value as Error).stack);
        add(causeOf(value));
        break;
      case 'buffer':
        bytes += (value as ArrayBuffer).byteLength;
        break;
      case 'view':
        if (isPartial(value as ArrayBufferView, moving.buffers)) {
          partial = true;
          bytes += (value as ArrayBufferView).byteLength;
        } else {
          // No level of its own.
          const { buffer } = value as ArrayBufferView;
          if (!seen.has(buffer)) {
            seen.add(buffer);
            look(buffer);
          }
        }
        break;
      case 'host':
        if (isPort(value)) throw notListed();
        if (!far.hostObjects) throw unreadable(platformClass(value) as string);
        blobs += sizeOf(value);
        break;
      case 'leaf':
        if (platformClass(value) === 'String') bytes += (value as unknown as string).length;
    }
  };
  values.forEach(add);
  for (let depth = 0; next.length > 0; depth++) {
    if (depth === limits.depth) throw tooMuch(`is deeper than ${depth} objects`, 'a flatter value', 'depth');
    const level = next;
    next = [];
    level.forEach(look);
  }
  if (bytes > limits.size) {
    throw tooMuch(`has ${bytes} bytes, and may have ${limits.size}`, 'a stream, or smaller pieces', 'size');
  }
  return { bytes: bytes + blobs, partial };
}

function tooMuch(what: string, fix: string, limit: keyof MessageLimits): MeshError {
  return new MeshError(
    'LIMIT',
    `the message ${what}. Send ${fix}, or raise limits: { ${limit} } of the bridge, or broker.`,
  );
}

/** A Blob's; of other objects of the platform, none is known. */
function sizeOf(value: object): number {
  const name = platformClass(value);
  return name === 'Blob' || name === 'File' ? (value as { readonly size: number }).size : 0;
}

const MISPLACED = 'there is a transfer() inside of it. Put it around the whole: transfer({ pixels }, [pixels.buffer]).';

function notListed(): MeshError {
  return new MeshError(
    'NOT_CLONEABLE',
    'there is a port in it that does not move. List it: transfer(value, [port]); in postMessage: (message, [port]).',
  );
}

const fixes: Readonly<Record<string, string>> = {
  Blob: 'Send its bytes: await blob.arrayBuffer().',
  File: 'Send its name and its bytes: await file.arrayBuffer().',
  DOMException: 'Send an Error with its name and message.',
  ReadableStream: 'Read it here, and send what it gives.',
  SharedArrayBuffer: 'Send a copy of its bytes: new Uint8Array(shared).slice().',
  CryptoKey: 'Export it: await crypto.subtle.exportKey(format, key).',
};

function unreadable(name: string): MeshError {
  const fix = (Object.hasOwn(fixes, name) && fixes[name]) || 'Send plain data, or bytes, made of it.';
  return new MeshError(
    'NOT_CLONEABLE',
    `an object of class ${name} can't be read in main, in a utility process, or behind one of them. ${fix}`,
  );
}
