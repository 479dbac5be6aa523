import { MeshError } from '../errors/mesh-error.js';
import { isPort } from '../port/port-holder.js';
import type { PortCapabilities } from '../port/port.js';
import { isPartial } from './isolate.js';
import { isInstance, kindOf, platformClass } from './kinds.js';
import { causeOf } from './rebuild.js';

/** Characters from which a text counts: shorter ones are what any message consists of. */
const LONG_TEXT = 256;

export interface Moving {
  /** Buffers that are moved, not copied: views on a part of them stay as they are */
  readonly buffers: ReadonlySet<object>;
  readonly ports: ReadonlySet<object>;
}

export interface Findings {
  /** Of buffers and views (each buffer once), Blobs and long texts: what weighs in a message */
  readonly bytes: number;
  /** Whether there are views that have to be cut out */
  readonly partial: boolean;
}

/**
 * Looks once through all that will be sent.
 * @throws MeshError `NOT_CLONEABLE` if it holds a port that does not move, or what the far end would read as `null`
 */
export function inspect(values: readonly unknown[], far: PortCapabilities, moving: Moving): Findings {
  const seen = new Set<object>();
  const open: object[] = [];
  let bytes = 0;
  let partial = false;
  const add = (value: unknown): void => {
    if (typeof value === 'string') {
      if (value.length >= LONG_TEXT) bytes += value.length;
    } else if (typeof value === 'object' && value !== null) {
      const { size } = seen;
      if (seen.add(value).size > size) open.push(value);
    }
  };
  const addAll = (value: object): void => {
    for (const key of Object.keys(value)) add((value as Record<string, unknown>)[key]);
  };
  for (const value of values) add(value);
  for (let value = open.pop(); value; value = open.pop()) {
    if (moving.ports.size > 0 && moving.ports.has(value)) continue;
    switch (kindOf(value)) {
      case 'record':
        if (isInstance(value) && isPort(value)) throw notListed();
        addAll(value);
        break;
      case 'array':
        addAll(value);
        break;
      case 'map':
        Map.prototype.forEach.call(value, (each, key) => (add(key), add(each)));
        break;
      case 'set':
        Set.prototype.forEach.call(value, add);
        break;
      case 'error':
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
          add((value as ArrayBufferView).buffer);
        }
        break;
      case 'host':
        if (isPort(value)) throw notListed();
        if (!far.hostObjects) throw unreadable(platformClass(value) as string);
        bytes += sizeOf(value);
        break;
      case 'leaf':
    }
  }
  return { bytes, partial };
}

/** A Blob's; of other objects of the platform, none is known. */
function sizeOf(value: object): number {
  const name = platformClass(value);
  return name === 'Blob' || name === 'File' ? (value as { readonly size: number }).size : 0;
}

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
