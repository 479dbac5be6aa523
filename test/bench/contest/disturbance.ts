import { cpus } from 'node:os';

/** How much of the machine others have used since `start()`, from 0 to 1: what was measured meanwhile is worth less. */
export class Disturbance {
  readonly #ownShare: () => number | Promise<number>;
  #idle = 0;
  #time = 0;

  /** @param ownShare what all our processes have used since it was asked last */
  constructor(ownShare: () => number | Promise<number>) {
    this.#ownShare = ownShare;
  }

  async start(): Promise<void> {
    await this.#ownShare();
    this.#idle = idleTime();
    this.#time = performance.now();
  }

  /** Whatever was neither idle nor ours: other programs, and the time that a virtual machine's host has taken away. */
  async stop(): Promise<number> {
    const all = (performance.now() - this.#time) * cpus().length;
    const busy = 1 - (idleTime() - this.#idle) / all;
    return Math.max(0, busy - (await this.#ownShare()));
  }
}

/** Milliseconds of all cores */
function idleTime(): number {
  return cpus().reduce((sum, { times }) => sum + times.idle, 0);
}
