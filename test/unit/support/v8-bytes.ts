import { Deserializer, Serializer } from 'node:v8';
import fc from 'fast-check';

interface ViewSerializer extends Serializer {
  _setTreatArrayBufferViewsAsHostObjects(mode: boolean): void;
}

/** As v8 writes a value. */
export function v8Bytes(value: unknown): Buffer {
  const serializer = new Serializer() as ViewSerializer;
  serializer._setTreatArrayBufferViewsAsHostObjects(false);
  serializer.writeHeader();
  serializer.writeValue(value);
  return Buffer.from(serializer.releaseBuffer());
}

/** As v8 reads one. */
export function readV8(bytes: Uint8Array): unknown {
  const deserializer = new Deserializer(bytes);
  deserializer.readHeader();
  return deserializer.readValue();
}

/** A message made by hand: texts are tags, numbers are bytes or, in a list, varints. */
export function handmade(...parts: readonly (string | number | readonly number[])[]): Buffer {
  const bytes = parts.flatMap((part) =>
    typeof part === 'string'
      ? [...Buffer.from(part, 'latin1')]
      : typeof part === 'number'
        ? [part]
        : part.flatMap(varint),
  );
  return Buffer.from([0xff, 15, ...bytes]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return [...bytes, rest];
}

type Mutation = readonly [what: 'set' | 'insert' | 'remove' | 'double' | 'cut', at: number, byte: number];

/** Tags of v8's format, and any other byte. */
const byte = fc.oneof(
  fc.constantFrom(...Buffer.from('_0TFxy-os;\':,{@$aAIU^t?NDnS"cBZz~VRrmERFSTU.uwpq\\')),
  fc.nat(255),
);

export const mutations: fc.Arbitrary<readonly Mutation[]> = fc.array(
  fc.tuple(fc.constantFrom('set', 'insert', 'remove', 'double', 'cut'), fc.nat(), byte),
  { minLength: 1, maxLength: 4 },
);

/** Bytes in which some are changed, cut out, doubled or added; of the first `keep`, none. */
export function mutate(bytes: Uint8Array, changes: readonly Mutation[], keep = 0): Buffer {
  const list = [...bytes];
  for (const [what, place, value] of changes) {
    const at = keep + (place % Math.max(1, list.length - keep));
    if (what === 'set') list[at] = value;
    else if (what === 'insert') list.splice(at, 0, value);
    else if (what === 'remove') list.splice(at, 1 + (value % 4));
    else if (what === 'double') list.splice(at, 0, ...list.slice(at, at + 1 + (value % 16)));
    else list.length = Math.max(keep, list.length - (value % 16));
  }
  return Buffer.from(list);
}
