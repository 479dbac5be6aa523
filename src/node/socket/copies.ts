import { startTimer, type Timer } from '../../core/timer.js';

// What is sent and not moved is copied, since the system takes the most of a large buffer later. Fresh memory costs more than the
// copying: the system clears it page by page, and the collector is called for it every few messages. So what has left is used again.

/** Bytes that are kept at most, of all connections, and for how long nobody may need any. */
const KEPT = 8 * 1024 * 1024;
const IDLE_MS = 1000;

const free: Buffer[] = [];
/** The memory of those that `release` takes back. */
const lent = new WeakSet<ArrayBufferLike>();
let kept = 0;
let used = false;
let timer: Timer | undefined;

/** A copy of what is in `buffer` now. It is the caller's, who may give it back. */
export function copyOf(buffer: ArrayBuffer): Uint8Array {
  const { byteLength } = buffer;
  const copy = take(byteLength).subarray(0, byteLength);
  copy.set(new Uint8Array(buffer));
  return copy;
}

/** Nobody reads or keeps `bytes` any more. Does nothing if they are no copy from here. */
export function release(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (!lent.delete(buffer) || kept + buffer.byteLength > KEPT) return;
  kept += buffer.byteLength;
  free.push(Buffer.from(buffer));
  timer ??= startTimer(IDLE_MS, onTimer);
}

/** At least so much memory, but no more than twice as much, with anything in it. */
function take(bytes: number): Buffer {
  const index = free.findIndex(({ length }) => length >= bytes && length <= bytes * 2);
  const [found] = index < 0 ? [] : free.splice(index, 1);
  if (found) {
    kept -= found.length;
    used = true;
  }
  const memory = found ?? Buffer.allocUnsafeSlow(bytes);
  lent.add(memory.buffer);
  return memory;
}

function onTimer(): void {
  timer = used ? startTimer(IDLE_MS, onTimer) : undefined;
  if (!used) free.length = kept = 0;
  used = false;
}
