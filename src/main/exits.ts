import type { App, Details } from 'electron';
import type { LeaveReason } from '../core/errors/mesh-error.js';
import { startTimer, type Timer } from '../core/timer.js';

/** Electron says what befell a process right behind its exit, in the same turn, if it says so at all. */
const WORD_MS = 10;

interface Exit {
  readonly code: number;
  readonly found: (reason: LeaveReason) => void;
  readonly timer: Timer;
}

/**
 * Finds out how utility processes end. Their exit code alone doesn't tell: in some versions it is 0 after `kill()` or a crash, and a
 * process may exit with any signal's number. So the rule is:
 *
 *  - what `child-process-gone` says right behind the exit: `killed` (`kill()`, a signal from outside) or `crashed`;
 *  - if it says nothing: `exited`. An uncaught error is one of these: the process exits with 1.
 *
 * That event names no process: it is that of the exit before it, where the exit codes don't contradict. Electron 27 leaves it out
 * now and then after `kill()`, which is `exited` then.
 */
export class Exits {
  readonly #app: Pick<App, 'on' | 'off'>;
  #watching = false;
  #last: Exit | undefined;

  constructor(app: Pick<App, 'on' | 'off'>) {
    this.#app = app;
  }

  /** To be called before there are exits to be found out. */
  watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    this.#app.on('child-process-gone', this.#onGone);
  }

  /** A process has exited, just now. */
  find(code: number, found: (reason: LeaveReason) => void): void {
    this.#settle('exited');
    this.#last = { code, found, timer: startTimer(WORD_MS, () => this.#settle('exited')) };
  }

  close(): void {
    if (this.#watching) this.#app.off('child-process-gone', this.#onGone);
    this.#watching = false;
    this.#settle('exited');
  }

  readonly #onGone = (_: unknown, { type, reason, exitCode }: Details): void => {
    const code = this.#last?.code;
    if (type !== 'Utility' || (code !== 0 && code !== exitCode)) return;
    if (reason !== 'clean-exit' && reason !== 'abnormal-exit') this.#settle(reason === 'killed' ? 'killed' : 'crashed');
  };

  #settle(reason: LeaveReason): void {
    const last = this.#last;
    this.#last = undefined;
    last?.timer.stop();
    last?.found(reason);
  }
}
