import {
  ASK,
  CHANGES,
  CONFIRM,
  CONFIRMED,
  TOLD,
  WELCOME,
  type Message,
  type Welcome,
} from '../../src/core/broker/control.js';
import { HANDLE, LISTEN } from '../../src/core/directory/entry.js';
import type { Port } from '../../src/core/port/port.js';
import { deferred } from './case.js';

/** How such a peer comes by its links. */
export interface Linking {
  /** Opens one. */
  open(to: string, epoch: number): Promise<Port>;
  /** The broker says something: a link, perhaps, that somebody else has opened. */
  heard(message: Message, ports: readonly unknown[]): Promise<Port> | undefined;
  /** No link any more. */
  close?(): void;
}

/** A peer that speaks the wire by hand. Asked by the broker whether it has heard all, it says yes; else it is silent. */
export class ByHand {
  /** The link that the first one who talks to it has opened. Nobody reads it yet. */
  readonly linked: Promise<Port>;
  readonly #control: Port;
  readonly #linking: Linking;
  readonly #id = deferred<string>();
  readonly #confirmed = deferred();
  #number = 0;

  constructor(control: Port, linking: Linking) {
    this.#control = control;
    this.#linking = linking;
    const linked = deferred<Port>();
    this.linked = linked.promise;
    control.start({
      message: (data, ports) => {
        for (const message of data as Message[]) {
          if (!this.#take(message)) linking.heard(message, ports)?.then(linked.resolve, linked.reject);
        }
      },
      unreadable() {},
      close() {},
    });
  }

  /** Resolves when it is in. */
  get id(): Promise<string> {
    return this.#id.promise;
  }

  /** Resolves when everybody knows. */
  async announce(changes: readonly unknown[]): Promise<void> {
    this.#control.post([
      [CHANGES, this.#number + 1, changes],
      [CONFIRM, 1],
    ]);
    this.#number += changes.length / 2;
    await this.#confirmed.promise;
  }

  link(to: string, epoch = 0): Promise<Port> {
    return this.#linking.open(to, epoch);
  }

  close(): void {
    this.#control.close();
    this.#linking.close?.();
  }

  #take(message: Message): boolean {
    const [kind, first] = message;
    if (kind === ASK) this.#control.post([[TOLD, first]]);
    else if (kind === WELCOME) this.#id.resolve((first as Welcome).self.id);
    else if (kind === CONFIRMED) this.#confirmed.resolve();
    else return false;
    return true;
  }
}

/** A peer that has a link, and doesn't read it before it is woken. */
export interface Hanging {
  wake(read: (data: unknown, port: Port) => void): Promise<Port>;
}

/** Makes one that listens to, and handles, `channels`. */
export async function hanging(peer: ByHand, channels: readonly string[]): Promise<Hanging> {
  await peer.announce(channels.flatMap((channel) => [LISTEN, channel, HANDLE, channel]));
  return {
    wake: async (read) => {
      const port = await peer.linked;
      port.start({ message: (data) => read(data, port), unreadable() {}, close() {} });
      return port;
    },
  };
}
