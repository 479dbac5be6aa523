import type { Mux } from '../../src/node/socket/mux.js';
import { socketKind } from '../../src/node/socket/socket-port.js';

/** Tunnels that are open and wait: a contract takes its ports without waiting. */
const READY = 48;

/** Both ends, in one process, of ports that travelled beside messages through one connection. */
export class TunnelPairs {
  readonly #from: Mux;
  readonly #nears: object[] = [];
  readonly #ready: (readonly [object, object])[] = [];
  #arrived: () => void = () => {};

  private constructor([from, to]: readonly [Mux, Mux]) {
    this.#from = from;
    from.port.start({ message() {}, unreadable() {}, close() {} });
    to.port.start({
      message: (_, [far]) => {
        this.#ready.push([this.#nears.shift() as object, far as object]);
        this.#arrived();
      },
      unreadable() {},
      close() {},
    });
  }

  static async open(connected: readonly [Mux, Mux]): Promise<TunnelPairs> {
    const pairs = new TunnelPairs(connected);
    for (let i = 0; i < READY; i++) pairs.#refill();
    while (pairs.#ready.length < READY) await new Promise<void>((resolve) => (pairs.#arrived = resolve));
    return pairs;
  }

  /** Raw ports, which belong to the caller. */
  take(): readonly [object, object] {
    const pair = this.#ready.shift();
    if (!pair) throw new Error('more pairs are taken at once than are ready');
    this.#refill();
    return pair;
  }

  close(): void {
    this.#from.close();
  }

  #refill(): void {
    const [near, far] = socketKind.channel() as readonly [object, object];
    this.#nears.push(near);
    this.#from.port.post('one more', [far]);
  }
}
