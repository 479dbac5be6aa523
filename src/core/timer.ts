/** A timer that can be stopped, and that never keeps a Node process alive on its own. */
export interface Timer {
  stop(): void;
}

/** Calls `action` once after `ms` milliseconds, unless it is stopped before. */
export function startTimer(ms: number, action: () => void): Timer {
  const handle = setTimeout(action, ms);
  (handle as { unref?: () => void }).unref?.();
  return { stop: () => clearTimeout(handle) };
}
