interface Draining {
  drain(drained: (cause?: unknown) => void): () => void;
}

/** Resolves when what was handed over to a link, or its outbox, was dispatched; rejects if the link ends before. */
export function whenDrained(link: Draining): Promise<void> {
  return new Promise((resolve, reject) => {
    link.drain((cause) => (cause === undefined ? resolve() : reject(cause)));
  });
}
