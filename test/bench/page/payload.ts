export interface Message {
  readonly id: number;
  readonly name: string;
  readonly scale: number;
  readonly visible: boolean;
}

const BULK_BYTES = 1 << 20;
export const CHUNK_BYTES = 1 << 18;
const POOL = 8;

let lastId = 0;
let lastBulk = 0;
const bulkPool: Uint8Array<ArrayBuffer>[] = [];
const chunkPool: Uint8Array<ArrayBuffer>[] = [];

/** A small message such as applications send; never the same object twice: that would flatter whoever serializes it. */
export function freshMessage(): Message {
  const id = ++lastId;
  return { id, name: `document ${id}`, scale: id / 8, visible: (id & 1) === 0 };
}

/** 1 MiB with contents of its own. From a pool, since making a megabyte costs nearly as much as sending it. */
export function freshBulk(): Uint8Array<ArrayBuffer> {
  return fresh(bulkPool, BULK_BYTES);
}

/** 256 KiB, the same way. */
export function freshChunk(): Uint8Array<ArrayBuffer> {
  return fresh(chunkPool, CHUNK_BYTES);
}

function fresh(pool: Uint8Array<ArrayBuffer>[], size: number): Uint8Array<ArrayBuffer> {
  const index = ++lastBulk;
  const bytes = (pool[index % POOL] ??= random(size));
  new DataView(bytes.buffer).setUint32(index % (size - 4), index);
  return bytes;
}

function random(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  const most = 65_536; // what getRandomValues takes at once
  for (let at = 0; at < size; at += most) crypto.getRandomValues(bytes.subarray(at, at + most));
  return bytes;
}
