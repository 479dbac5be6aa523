import { app } from 'electron';
import { cpus } from 'node:os';

/** How much of the machine others have used since `start()`, from 0 to 1: what was measured meanwhile is worth less. */
export class Disturbance {
  #before = totals();

  start(): void {
    this.#before = totals();
    ownShare(); // it tells what was used since it was asked last
  }

  stop(): number {
    const { busy, all } = totals();
    const spent = all - this.#before.all;
    if (spent <= 0) return 0;
    return Math.max(0, (busy - this.#before.busy) / spent - ownShare());
  }
}

function totals(): { busy: number; all: number } {
  let busy = 0;
  let all = 0;
  for (const { times } of cpus()) {
    const used = times.user + times.nice + times.sys + times.irq;
    busy += used;
    all += used + times.idle;
  }
  return { busy, all };
}

/** Of all our processes; Electron gives it in percent of the whole machine. */
function ownShare(): number {
  return app.getAppMetrics().reduce((sum, { cpu }) => sum + cpu.percentCPUUsage, 0) / 100;
}
