import { createHmac, timingSafeEqual } from 'node:crypto';

/** A secret that both sides know. */
export type Key = string | Buffer;

/** Who proves it. Of another side, the same words prove nothing. */
export type Side = 'listener' | 'dialer';

/** Shows that this side knows the key, for this talk only: `words` hold a nonce of the other side. */
export function prove(key: Key, side: Side, ...words: readonly (string | number)[]): string {
  return createHmac('sha256', key)
    .update(JSON.stringify(['portmesh', side, ...words]))
    .digest('base64');
}

/** Compares in constant time. */
export function proves(proof: unknown, key: Key, side: Side, ...words: readonly (string | number)[]): boolean {
  const expected = Buffer.from(prove(key, side, ...words));
  const given = Buffer.from(typeof proof === 'string' ? proof : '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
