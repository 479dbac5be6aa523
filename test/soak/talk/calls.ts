import { MeshError, type MeshErrorCode } from 'portmesh';
import type { Report } from './report.js';

/** How a call may end, besides as everything may: its peer gone, its bus closed. */
export interface Expected {
  /** For the report, such as `request('soak:echo')` */
  readonly what: string;
  /** Milliseconds in which it has to end */
  readonly within: number;
  readonly codes: readonly MeshErrorCode[];
  /** What is wrong with its result, if anything is. Without it, the call must not succeed. */
  problem?(result: unknown): string | undefined;
  /** Whether this error, which is none of the mesh's own, is what its handler throws. */
  thrown?(error: unknown): boolean;
}

/** A link, or a peer, may go at any time. */
const ALWAYS: readonly MeshErrorCode[] = ['PEER_GONE', 'NO_PEER'];

/** How late a call may be: the sweep of time-outs, and, on a machine with more windows than cores, the queue for a core. */
const SLACK_MS = 3000;
const LOOK_MS = 250;

/** Every call of a seat, until it has settled, in time and as it may. */
export class Calls {
  readonly #report: Report;
  readonly #closed: () => boolean;
  readonly #pending = new Map<Expected, number>();
  readonly #timer: ReturnType<typeof setInterval>;
  #looked = performance.now();

  /** @param closed whether the bus has ended: then calls may end by that */
  constructor(report: Report, closed: () => boolean) {
    this.#report = report;
    this.#closed = closed;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  get pending(): number {
    return this.#pending.size;
  }

  watch(call: Promise<unknown>, expected: Expected): void {
    this.#pending.set(expected, performance.now() + expected.within + SLACK_MS);
    const settled = (how: string, problem: string | undefined): void => {
      this.#pending.delete(expected);
      this.#report.count(how);
      if (problem !== undefined) this.#report.violation(`${expected.what}: ${problem}`);
    };
    call.then(
      (result) => settled('ok', expected.problem ? expected.problem(result) : 'succeeded, which it must not'),
      (error: unknown) => {
        if (!MeshError.is(error)) {
          settled('thrown', expected.thrown?.(error) ? undefined : `rejected with ${String(error)}`);
          return;
        }
        const allowed =
          [...ALWAYS, ...expected.codes].includes(error.code) || (error.code === 'CLOSED' && this.#closed());
        settled(error.code, allowed ? undefined : `rejected with ${error.code}: ${error.message}`);
      },
    );
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    // While this process hung, or had no core, nothing could settle.
    const stalled = Math.max(0, now - this.#looked - LOOK_MS);
    this.#looked = now;
    for (const [expected, deadline] of this.#pending) {
      if (stalled > 0) this.#pending.set(expected, deadline + stalled);
      else if (deadline < now) {
        this.#pending.delete(expected);
        this.#report.violation(`${expected.what}: not settled after ${expected.within} ms and ${SLACK_MS} ms more`);
      }
    }
  }
}
