/** Not randomUUID: that exists in secure contexts only. */
export function makeNonce(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-');
}
