import { app } from 'electron';
import { cpus } from 'node:os';

/** How much of the machine others have used since `start()`, from 0 to 1: what was measured meanwhile is worth less. */
export class Disturbance {
  #idle = 0;
  #time = 0;

  start(): void {
    this.#idle = idleTime();
    this.#time = performance.now();
    ownShare(); // it tells what was used since it was asked last
  }

  /** Whatever was neither idle nor ours: other programs, and the time that a virtual machine's host has taken away. */
  stop(): number {
    const all = (performance.now() - this.#time) * cpus().length;
    const busy = 1 - (idleTime() - this.#idle) / all;
    return Math.max(0, busy - ownShare());
  }
}

/** Milliseconds of all cores */
function idleTime(): number {
  return cpus().reduce((sum, { times }) => sum + times.idle, 0);
}

/** Of all our processes; Electron gives it in percent of the whole machine. */
function ownShare(): number {
  return app.getAppMetrics().reduce((sum, { cpu }) => sum + cpu.percentCPUUsage, 0) / 100;
}
