export interface Message {
  readonly id: number;
  readonly name: string;
  readonly scale: number;
  readonly visible: boolean;
}

const BULK_BYTES = 1 << 20;
const POOL = 8;

let lastId = 0;
let lastBulk = 0;
const pool: Uint8Array<ArrayBuffer>[] = [];

/** A small message such as applications send; never the same object twice: that would flatter whoever serializes it. */
export function freshMessage(): Message {
  const id = ++lastId;
  return { id, name: `document ${id}`, scale: id / 8, visible: (id & 1) === 0 };
}

/** 1 MiB with contents of its own. From a pool, since making a megabyte costs nearly as much as sending it. */
export function freshBulk(): Uint8Array<ArrayBuffer> {
  const index = ++lastBulk;
  const bytes = (pool[index % POOL] ??= randomBulk());
  new DataView(bytes.buffer).setUint32(index % (BULK_BYTES - 4), index);
  return bytes;
}

function randomBulk(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(BULK_BYTES);
  const most = 65_536; // what getRandomValues takes at once
  for (let at = 0; at < BULK_BYTES; at += most) crypto.getRandomValues(bytes.subarray(at, at + most));
  return bytes;
}
