/** Resolves in a later turn of the event loop: all microtasks, and what they cause, are done then. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
