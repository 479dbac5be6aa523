// Node's own ports and Electron's can't be joined, nor sent over each other. A process that holds one of each relays between
// them: main for its `worker_threads` workers, a utility process for its own.
//
//  1. Each message of one end is posted on the other, in order, and either end's close closes the other, behind what came
//     before it.
//  2. A port beside a message can't go on as it is: a fresh channel of the other kind takes its place, and is relayed to it.
//  3. Links number posts by counting, so each must arrive, as something: one that can't be read here, or can't be sent on, is
//     passed on as `null`, which every port takes for what it can't read. The far end says so to the sender, whose call rejects.

import { closeRaw, type Port } from './port.js';

/** Raw ports of one platform. */
export interface PortKind {
  /** Makes a port of a raw one. */
  adopt(raw: object): Port;
  /** A fresh channel's two raw ends. A promise, where another process has to make it. */
  channel(): Channel | Promise<Channel>;
}

type Channel = readonly [object, object];

/** A port, and what kind of raw ports comes and goes beside its messages. */
export interface RelayEnd {
  readonly port: Port;
  readonly kind: PortKind;
}

/**
 * Joins two ports of different kinds, as if they were the two ends of one. Both belong to the relay from now on, and end
 * together.
 *
 * @example
 * relay({ port: new ElectronPort(raw), kind: electronPorts(makeChannel) }, { port: new NodePort(port1), kind: nodePorts });
 */
export function relay(a: RelayEnd, b: RelayEnd): void {
  const gone = new Set<RelayEnd>();
  new Direction(a, b, gone).start();
  new Direction(b, a, gone).start();
}

class Direction {
  readonly #from: RelayEnd;
  readonly #to: RelayEnd;
  /** Ends whose far side has closed. */
  readonly #gone: Set<RelayEnd>;
  /** What came while channels for a message before it were being made. */
  readonly #waiting: (() => void)[] = [];
  #busy = false;

  constructor(from: RelayEnd, to: RelayEnd, gone: Set<RelayEnd>) {
    this.#from = from;
    this.#to = to;
    this.#gone = gone;
  }

  start(): void {
    this.#from.port.start({
      message: (data, ports) => this.#inOrder(() => this.#onMessage(data, ports as readonly object[])),
      unreadable: () => this.#inOrder(() => this.#to.port.post(null)),
      close: () => {
        this.#gone.add(this.#from);
        this.#inOrder(() => this.#to.port.close());
      },
    });
  }

  #inOrder(step: () => void): void {
    if (this.#busy) this.#waiting.push(step);
    else step();
  }

  #resume(): void {
    this.#busy = false;
    while (!this.#busy && this.#waiting.length > 0) (this.#waiting.shift() as () => void)();
  }

  #onMessage(data: unknown, ports: readonly object[]): void {
    const made = ports.map(() => this.#to.kind.channel());
    if (!made.some((each) => each instanceof Promise)) return this.#pass(data, ports, made as Channel[]);
    this.#busy = true;
    void Promise.allSettled(made.map(async (each) => each)).then((settled) => {
      this.#pass(
        data,
        ports,
        settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])),
      );
      this.#resume();
    });
  }

  #pass(data: unknown, ports: readonly object[], channels: readonly Channel[]): void {
    const failed = channels.length < ports.length;
    if (failed || this.#gone.has(this.#to)) {
      [...ports, ...channels.flat()].forEach(closeRaw);
      if (failed) this.#to.port.post(null);
      return;
    }
    ports.forEach((raw, i) => this.#join(raw, channels[i] as Channel));
    try {
      // With a transfer list, be it empty: this realm's mesh has not made the message.
      this.#to.port.post(
        data,
        channels.map(([, far]) => far),
      );
    } catch {
      for (const [, far] of channels) closeRaw(far); // which ends the relay to it, and the port that came
      this.#to.port.post(null);
    }
  }

  /** Relays a port that came to its substitute. */
  #join(raw: object, [near]: Channel): void {
    const { kind } = this.#to;
    relay({ port: this.#from.kind.adopt(raw), kind: this.#from.kind }, { port: kind.adopt(near), kind });
  }
}
