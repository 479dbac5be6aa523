import { utilityProcess, type UtilityProcess } from 'electron';
import { join } from 'node:path';
import type { Bridge } from 'portmesh/main';

/** The utility process: made and attached here, and left to itself. */
export class Helper {
  readonly #bridge: Bridge;
  #child: UtilityProcess | undefined;

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  /** Starts it; another one, if it is there, and has no seat any more. */
  start(): void {
    this.#child?.kill();
    const child = utilityProcess.fork(join(__dirname, 'helper.cjs'), [], { serviceName: 'Portmesh helper' });
    this.#bridge.attach(child, { name: 'helper' });
    this.#child = child;
    child.once('exit', () => {
      if (this.#child === child) this.#child = undefined;
    });
  }

  kill(): void {
    if (!this.#child?.kill()) throw new Error('the helper is not there');
  }
}
