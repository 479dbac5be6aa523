/** A timer that can be stopped, and that never keeps a Node process alive on its own. */
export interface Timer {
  stop(): void;
}

/** The longest a timer of the platform can run; more would fire at once. */
const MAX_MS = 0x7fff_ffff;

/** Calls `action` once after `ms` milliseconds, unless it is stopped before. */
export function startTimer(ms: number, action: () => void): Timer {
  const handle = setTimeout(action, Math.min(ms, MAX_MS));
  (handle as { unref?: () => void }).unref?.();
  return { stop: () => clearTimeout(handle) };
}
