import { claimOf, DENSE, elementsClaimed, SPARSE, varintAt } from './v8-walk.js';

// v8 checks what arrives, but for one thing: it takes memory for all elements of an array before it has seen them. Of one with holes
// it believes any length: five bytes are 256 MiB then. Of others, one that has as many as there are bytes left in the message, and
// each array in it, again. So a few kilobytes could end the process. What arrays claim is added up here, before v8 reads a message.
//
// That leaves objects, which take some forty times their bytes; a thousand times, if their keys are numbers. So they do at who
// sends them.

/** Elements that arrays may have for each byte of their message, holes included… */
const ELEMENTS_PER_BYTE = 8;
/** … and besides. */
const SPARE_ELEMENTS = 1024 * 1024;

/** Whether v8 may read `bytes`: it takes no more memory for it than a message of that size may need. */
export function isModest(bytes: Uint8Array): boolean {
  const limit = bytes.length * ELEMENTS_PER_BYTE + SPARE_ELEMENTS;
  const claims = elementsClaimed(bytes);
  if (claims !== undefined) return claims <= limit;
  // There are tags in it that are not understood: whatever looks like an array counts.
  let claimed = 0;
  for (let i = 0; i < bytes.length; i++) {
    const kind = bytes[i];
    if (kind === SPARSE || kind === DENSE) claimed += claimOf(kind, varintAt(bytes, i + 1), bytes.length - i);
  }
  return claimed <= limit;
}
