const actions = new Set<() => void>();

/**
 * Calls `action` when the process ends in order. One listener for all: Node takes many for a leak.
 *
 * @param action synchronous; it may not throw
 * @returns how to withdraw it
 */
export function atExit(action: () => void): () => void {
  if (actions.size === 0) process.on('exit', runAll);
  actions.add(action);
  return () => {
    if (actions.delete(action) && actions.size === 0) process.off('exit', runAll);
  };
}

function runAll(): void {
  for (const action of actions) action();
}
