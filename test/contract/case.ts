/**
 * One behaviour of a contract. Contracts are lists of cases and not vitest files, since they run in places where vitest
 * doesn't: in a page and in the main process of a real Electron too.
 */
export interface Case {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** Makes a list of cases readable: `cases({ 'delivers in order': async () => … })`. */
export function cases(table: Record<string, () => Promise<void> | void>): Case[] {
  return Object.entries(table).map(([name, run]) => ({ name, run: async () => run() }));
}

/** A promise with its ends in hand. */
export function deferred<T = void>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
} {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** What `promise` rejects with; throws if it doesn't. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string; reason?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected a rejection');
}
