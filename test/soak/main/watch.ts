import type { Report } from '../talk/report.js';

const REMEMBERED_STEPS = 40;

/** What pages and main found, and the steps that led there. */
export class Watch implements Report {
  readonly counts = new Map<string, number>();
  readonly violations: string[] = [];
  readonly #steps: string[] = [];
  readonly #start = performance.now();
  readonly #onViolation: () => void;

  /** @param onViolation called with the first */
  constructor(onViolation: () => void) {
    this.#onViolation = onViolation;
  }

  violation(text: string): void {
    this.#remember(`VIOLATION ${text}`);
    if (this.violations.push(text) === 1) this.#onViolation();
  }

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }

  step(text: string): void {
    this.count('steps');
    this.#remember(text);
  }

  /** The last ones, the latest at the end, with the seconds since the start. */
  get lastSteps(): readonly string[] {
    return this.#steps;
  }

  get seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  #remember(text: string): void {
    this.#steps.push(`${this.seconds.toFixed(2).padStart(8)}  ${text}`);
    if (this.#steps.length > REMEMBERED_STEPS) this.#steps.shift();
  }
}
