declare const scheduler: { postTask(callback: () => void): Promise<void> };

/** Lets the page's event loop turn once. Not `setTimeout`, which waits 4 ms as soon as it is nested. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => void scheduler.postTask(resolve));
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
