import { onTestFinished } from 'vitest';
import type { Socket } from 'node:net';
import type { MeshError } from '../../../src/core/errors/mesh-error.js';
import type { Address } from '../../../src/node/net/address.js';
import { dial } from '../../../src/node/net/dial.js';
import { listenForGuests, type GuestListening, type GuestsOptions } from '../../../src/node/net/guests.js';
import { greet, type Guest } from '../../../src/node/net/handshake.js';

export const SECRET = 'correct horse battery staple';
export const patience = { call: 'connect()', timeout: 5000 };

/** A listener for this test, and all that it says. */
export class Door {
  readonly admitted: [socket: Socket, guest: Guest][] = [];
  readonly refused: [error: MeshError, where: string][] = [];

  private constructor() {}

  static async open(address: Address, options: Partial<GuestsOptions> = {}): Promise<Door> {
    const door = new Door();
    door.place = await listenForGuests(address, {
      key: (role) => (role === 'peer' ? SECRET : undefined),
      admit: (socket, guest) => void door.admitted.push([socket, guest]),
      refused: (error, where) => void door.refused.push([error, where]),
      ...options,
    });
    onTestFinished(async () => {
      await door.place.close();
      for (const [socket] of door.admitted) socket.destroy();
    });
    return door;
  }

  place!: GuestListening;

  get address(): Address {
    return this.place.address;
  }

  /** One who knows the secret comes. */
  async visit(hello: unknown = 'hello', key = SECRET): Promise<Socket> {
    const socket = await dial(this.address, patience);
    onTestFinished(() => void socket.destroy());
    await greet(socket, { ...patience, role: 'peer', id: 'p', key, hello });
    return socket;
  }

  /** The first who is refused, and all are through. */
  async refusal(): Promise<MeshError> {
    await until(() => this.refused.length > 0 && this.place.state().inside === 0);
    return this.refused[0]![0];
  }
}

/** Waits, by what happens and not by the clock, until it is so. */
export async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setImmediate(resolve));
}
