// Who has connected, and hasn't proved yet who it is. Anybody on this machine may connect to a port of TCP, so that costs little:
//
// - So many are in the handshake at a time, each for so long and with so many bytes. The others wait in a line, unread: a thousand
//   peers that join at once are no attack, and refusing the newest or the oldest would refuse them.
// - While somebody waits, who has been in for a while and is not through makes room, the oldest first: connections held open in
//   silence delay a newcomer by that while at most.
// - Who comes when the line is full, is told so.
import type { Socket } from 'node:net';
import { MeshError, type MeshErrorCode } from '../../core/errors/mesh-error.js';
import { show, type Address } from './address.js';
import { startPatientTimer } from './deadline.js';
import { receive, type Guest, type Reception } from './handshake.js';
import { listen, type Listening, type ListenOptions } from './listen.js';
import { turnAway } from './talk.js';

export interface GuestsOptions extends Pick<Reception, 'key'>, Pick<ListenOptions, 'call' | 'keepsAlive' | 'fresh'> {
  /** Gets each that has proved who it is, and its socket, which is free for use and holds what has come since. */
  readonly admit: (socket: Socket, guest: Guest) => void;
  /** Hears of each that was refused, and where it came from. */
  readonly refused: (error: MeshError, where: string) => void;
  /** How many are in the handshake at a time. @default 64 */
  readonly count?: number;
  /** How many wait to be. @default 1024 */
  readonly line?: number;
  /** Milliseconds for the handshake. @default 5000 */
  readonly timeout?: number;
  /** Milliseconds for it while others wait. @default 1000 */
  readonly hurry?: number;
  /** Bytes each may send before it is let in. @default 8192 */
  readonly maxBytes?: number;
}

/** As plain data. */
export interface GuestsState {
  /** How many are in the handshake now. */
  readonly inside: number;
  /** How many wait. */
  readonly waiting: number;
  /** How many have been let in so far. */
  readonly admitted: number;
  /** How many have been refused so far, by the error's code. */
  readonly refused: Partial<Record<MeshErrorCode, number>>;
}

/** A place where others can connect, who then prove who they are. */
export interface GuestListening extends Listening {
  /** What goes on there. */
  state(): GuestsState;
}

/** Somebody in the handshake. */
interface Visit {
  /** Has been in for a while. */
  slow: boolean;
  /** Why it was ended from this side. */
  ended?: MeshError;
}

/**
 * Listens, and admits those who prove that they know a key. Close also ends the connections of those who haven't yet.
 *
 * @throws MeshError (rejects) as `listen()` does
 */
export async function listenForGuests(address: Address, options: GuestsOptions): Promise<GuestListening> {
  const guests = new Guests(show(address), options);
  const { call, keepsAlive, fresh } = options;
  const listening = await listen(address, (socket) => guests.come(socket), {
    ...(call !== undefined && { call }),
    ...(keepsAlive !== undefined && { keepsAlive }),
    ...(fresh !== undefined && { fresh }),
    failed: (error) => guests.refuse(error, show(address)),
  });
  return {
    address: listening.address,
    isThere: () => listening.isThere(),
    state: () => guests.state(),
    async close() {
      guests.close();
      await listening.close();
    },
  };
}

class Guests {
  readonly #options: GuestsOptions;
  readonly #place: string;
  readonly #count: number;
  /** The oldest first. */
  readonly #inside = new Map<Socket, Visit>();
  readonly #line: Socket[] = [];
  readonly #refused = new Map<MeshErrorCode, number>();
  #admitted = 0;
  #closed = false;

  constructor(place: string, options: GuestsOptions) {
    this.#place = place;
    this.#options = options;
    this.#count = options.count ?? 64;
  }

  come(socket: Socket): void {
    const { line = 1024 } = this.#options;
    if (this.#closed) return void socket.destroy();
    if (this.#inside.size < this.#count) return this.#enter(socket);
    if (this.#line.length < line) {
      this.#line.push(socket);
      return this.#makeRoom();
    }
    const problem = `${this.#count} are in the handshake here, and ${line} wait. Try again later.`;
    this.refuse(new MeshError('LIMIT', `refused: ${problem}`), this.#where(socket));
    turnAway(socket, 'LIMIT', problem);
  }

  refuse(error: MeshError, where: string): void {
    this.#refused.set(error.code, (this.#refused.get(error.code) ?? 0) + 1);
    this.#options.refused(error, where);
  }

  state(): GuestsState {
    return {
      inside: this.#inside.size,
      waiting: this.#line.length,
      admitted: this.#admitted,
      refused: Object.fromEntries(this.#refused),
    };
  }

  close(): void {
    this.#closed = true;
    for (const socket of [...this.#inside.keys(), ...this.#line.splice(0)]) socket.destroy();
  }

  #enter(socket: Socket): void {
    const { key, timeout = 5000, hurry = 1000, maxBytes = 8192 } = this.#options;
    const where = this.#where(socket);
    const visit: Visit = { slow: false };
    this.#inside.set(socket, visit);
    const timer = startPatientTimer(hurry, () => {
      visit.slow = true;
      this.#makeRoom();
    });
    receive(socket, { key, timeout, maxBytes, call: 'refused' })
      .then((guest) => {
        this.#leave(socket);
        this.#admit(socket, guest, where);
      })
      .catch((error: unknown) => {
        this.#leave(socket);
        // One who goes without a word has asked whether somebody listens here, as listen() itself does.
        if (this.#closed || (socket.bytesRead === 0 && !MeshError.is(error, 'TIMEOUT') && !visit.ended)) return;
        this.refuse(visit.ended ?? asMeshError(error), where);
      })
      .finally(() => timer.stop());
  }

  #admit(socket: Socket, guest: Guest, where: string): void {
    if (this.#closed) return void socket.destroy();
    try {
      this.#options.admit(socket, guest);
      this.#admitted++;
    } catch (error) {
      socket.destroy();
      this.refuse(asMeshError(error), where);
    }
  }

  #leave(socket: Socket): void {
    if (!this.#inside.delete(socket) || this.#closed) return;
    const next = this.#line.shift();
    if (next) this.#enter(next);
  }

  /** For those who wait, the oldest first. */
  #makeRoom(): void {
    const { hurry = 1000 } = this.#options;
    for (const [socket, visit] of this.#inside) {
      if (this.#line.length === 0 || !visit.slow) return;
      visit.ended = new MeshError('LIMIT', `refused: not through the handshake in ${hurry} ms, while others wait.`);
      socket.destroy();
      this.#leave(socket);
    }
  }

  #where({ remoteAddress, remotePort = 0 }: Socket): string {
    return remoteAddress === undefined ? this.#place : show({ host: remoteAddress, port: remotePort });
  }
}

function asMeshError(error: unknown): MeshError {
  return MeshError.is(error) ? error : new MeshError('PROTOCOL', `refused: ${String(error)}`, { cause: error });
}
