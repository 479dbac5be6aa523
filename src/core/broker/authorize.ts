import { startTimer } from '../timer.js';

/** Milliseconds that an application's `authorize()` has by default: less than who joins waits, so that it hears why. */
export const AUTHORIZE_MS = 8000;

/** What came of asking an application's `authorize()`. */
export type Asked =
  | { readonly answer: unknown }
  | { readonly thrown: unknown }
  /** It has not answered in time. In words, fit for who joins. */
  | { readonly late: string };

/**
 * Asks an application's `authorize()`, which may be asynchronous. Never rejects. What it answers too late is for nobody.
 *
 * @param call who asks, and for whom
 * @param timeout milliseconds; `Infinity`: for ever
 */
export function askInTime<C>(
  authorize: (candidate: C) => unknown,
  candidate: C,
  call: string,
  timeout: number,
): Promise<Asked> {
  return new Promise((resolve) => {
    const late = `${call}: no answer in ${timeout} ms (authorizeTimeout).`;
    const timer = Number.isFinite(timeout) ? startTimer(timeout, () => resolve({ late })) : undefined;
    const settle = (asked: Asked): void => {
      timer?.stop();
      resolve(asked);
    };
    (async () => authorize(candidate))().then(
      (answer) => settle({ answer }),
      (thrown) => settle({ thrown }),
    );
  });
}
