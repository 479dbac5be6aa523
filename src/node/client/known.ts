import type { Message, Welcome } from '../../core/broker/control.js';
import * as control from '../../core/broker/control.js';
import type { Peer } from '../../core/directory/peer.js';
import { MeshError, type LeaveReason } from '../../core/errors/mesh-error.js';
import { startTimer, type Timer } from '../../core/timer.js';
import { codeOf } from '../net/system-error.js';
import { Waiting } from './waiting.js';

/** How often those are looked at, after a rejoin, who have not rejoined yet, */
const LOOK_MS = 1000;
/** and how many looks they have: more time than they wait between two attempts. */
const LOOKS = 10;

interface Kept {
  /** Its name, and what its counterparts enforce, as text. */
  readonly what: string;
  readonly pid: number;
}

interface Missing {
  /** How often it had been heard of, at the last look, */
  heard: number;
  /** and how many looks in a row found that it had been heard of again. */
  row: number;
  /** Its link has ended since the broker was lost. */
  broken: boolean;
}

export interface KnownOptions {
  /** Takes what is to be told later. */
  readonly tell: (messages: Message[]) => void;
  /** How often a peer has been heard of on its link, and asks it there for a sign of life; `undefined`: there is no link. */
  readonly hears: (id: string) => number | undefined;
}

/**
 * Whom this peer knows of, by what its broker has told. After a rejoin, the broker's word is brought to what it means to somebody who
 * knew them before: who was there stays, with its links; who doesn't come back within a while has left.
 *
 * 1. From the loss of the broker on, those it had told of are missing, each until the next broker tells of it.
 * 2. Ten seconds after the rejoin those have left who are missing and not linked, and those who are linked and show signs of life all
 *    the time: they could have come back, so the new broker doesn't show them.
 * 3. Who is linked and silent, as one that is stopped, stays as long as its link.
 * 4. Sooner leaves who says BYE on its link, and whose link broke if its process is gone.
 */
export class Known {
  readonly #options: KnownOptions;
  /** By id */
  readonly #peers = new Map<string, Kept>();
  readonly #missing = new Map<string, Missing>();
  readonly #waiting = new Waiting();
  /** Since the rejoin. */
  #looks = 0;
  #timer: Timer | undefined;

  constructor(options: KnownOptions) {
    this.#options = options;
  }

  first(welcome: Welcome): void {
    for (const [peer, , , , grant] of welcome.peers) this.#keep(peer, grant);
  }

  /** The broker is gone. `error` is for those who wait for somebody to come back. */
  lost(error: MeshError): void {
    this.#timer?.stop();
    this.#looks = 0;
    for (const id of this.#peers.keys()) {
      if (!this.#missing.has(id)) this.#missing.set(id, { heard: 0, row: 0, broken: false });
    }
    this.#waiting.fail(error);
  }

  /** What is to be told of the peers that a new broker has. */
  again(welcome: Welcome): Message[] {
    const messages = welcome.peers.flatMap(([peer, number, listens, handles, grant]) => [
      ...this.joined([control.JOIN, peer, grant]),
      [control.STATE, peer.id, number, listens, handles],
    ]);
    for (const [id, missing] of this.#missing) {
      missing.heard = this.#options.hears(id) ?? 0;
      missing.row = 0;
    }
    this.#lookLater();
    return messages;
  }

  /** Whether somebody is known from before only. */
  away(id: string): boolean {
    return this.#missing.has(id);
  }

  /** Resolves when somebody who is away is back; rejects when it isn't waited for any more. */
  back(id: string): Promise<void> {
    return this.#waiting.for(id);
  }

  /** What a JOIN means here. */
  joined(message: Message): Message[] {
    const [, peer, grant] = message as [number, Peer, unknown];
    const { id } = peer;
    const before = this.#peers.get(id)?.what;
    const same = this.#keep(peer, grant) === before;
    this.#missing.delete(id);
    if (same) {
      this.#waiting.back(id);
      return [];
    }
    // What it is called, and may do, is decided anew: to the mesh, it is another peer.
    this.#waiting.left(id);
    return before === undefined ? [message] : [[control.LEAVE, id, 'lost'], message];
  }

  left(id: string): void {
    this.#peers.delete(id);
    this.#missing.delete(id);
    this.#waiting.left(id);
  }

  /** A link with somebody has ended. Of those that the broker tells of, its word counts. */
  unlinked(id: string, reason: LeaveReason): void {
    const missing = this.#missing.get(id);
    if (!missing) return;
    if (reason !== 'bye' && this.#looks < LOOKS) {
      missing.broken = true;
      return;
    }
    this.left(id);
    this.#tell([id], reason);
  }

  stop(): void {
    this.#timer?.stop();
    this.#waiting.fail(new MeshError('CLOSED', 'this bus was closed.'));
  }

  #keep({ id, name, process: { pid } }: Peer, grant: unknown): string {
    const what = JSON.stringify([name, grant]);
    this.#peers.set(id, { what, pid });
    return what;
  }

  #lookLater(): void {
    if (this.#missing.size > 0) this.#timer = startTimer(LOOK_MS, () => this.#look());
  }

  #look(): void {
    this.#looks++;
    const gone = [...this.#missing].filter(([id, missing]) => this.#isGone(id, missing)).map(([id]) => id);
    for (const id of gone) this.left(id);
    // Before they are told: who is told may stop this.
    this.#lookLater();
    this.#tell(gone, 'lost');
  }

  #isGone(id: string, missing: Missing): boolean {
    const heard = this.#options.hears(id);
    if (heard === undefined) return this.#looks >= LOOKS || (missing.broken && hasEnded(this.#peers.get(id)?.pid));
    missing.row = heard > missing.heard ? missing.row + 1 : 0;
    missing.heard = heard;
    return missing.row >= LOOKS;
  }

  #tell(left: readonly string[], reason: LeaveReason): void {
    if (left.length > 0) this.#options.tell(left.map((id) => [control.LEAVE, id, reason]));
  }
}

/** Whether no process has that id: as far as one can see from here, which counts only together with something else. */
function hasEnded(pid: number | undefined): boolean {
  if (pid === undefined || !(pid > 0)) return false;
  try {
    process.kill(pid, 0); // only looks
    return false;
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
}
