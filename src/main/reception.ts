import { randomBytes } from 'node:crypto';
import { refuse, type AdmitOptions, type Hub } from '../core/broker/hub.js';
import type { Grant } from '../core/directory/grant.js';
import type { Limits } from '../core/directory/limits.js';
import type { Peer } from '../core/directory/peer.js';
import { MeshError, type LeaveReason, type MeshErrorCode } from '../core/errors/mesh-error.js';
import type { Port } from '../core/port/port.js';
import { WIRE_VERSION } from '../core/wire/frames.js';
import type { Candidate } from './candidate.js';
import { Names } from './names.js';
import type { BridgeEvents } from './state.js';

export type Tell = <K extends keyof BridgeEvents>(name: K, ...args: BridgeEvents[K]) => void;

/** Why somebody is not let in. */
export interface Rejection {
  readonly code: MeshErrorCode;
  readonly message: string;
  /** Whether nobody else may let it in. @default true */
  readonly final?: boolean;
  readonly cause?: unknown;
  /** Whether the application is told; it is counted in any case. @default true */
  readonly told?: boolean;
}

/** Where all come through, by whatever way: gives ids and seats, keeps the names, counts and tells who isn't let in. */
export class Reception {
  readonly limits: Limits;
  readonly names: Names;
  readonly #hub: Hub;
  readonly #tell: Tell;
  readonly #prefix = randomBytes(6).toString('base64url');
  #lastId = 0;
  #refused = 0;
  #malformed = 0;
  #closed = false;

  constructor(hub: Hub, limits: Limits, tell: Tell) {
    this.#hub = hub;
    this.limits = limits;
    this.names = new Names(limits.names);
    this.#tell = tell;
  }

  /** Those who were not let in, and what made no sense, so far. */
  get counts(): { readonly refused: number; readonly malformed: number } {
    return { refused: this.#refused, malformed: this.#malformed };
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** An id that nobody has, or will have. */
  nextId(): string {
    return `${this.#prefix}.${++this.#lastId}`;
  }

  /** What a peer may do; `undefined` if it has left. */
  grantOf(peer: Peer): Grant | undefined {
    return this.#hub.grantOf(peer.id);
  }

  admit(peer: Peer, port: Port, grant?: Grant, options?: AdmitOptions): void {
    this.#hub.admit(peer, port, grant, options);
    this.#tell('join', peer);
  }

  /** Ends a peer's seat. */
  end(peer: Peer, reason: LeaveReason): void {
    this.#hub.remove(peer.id, reason);
  }

  refuse(port: Port, candidate: Candidate | undefined, rejection: Rejection): void {
    const { code, message, final = true } = rejection;
    refuse(port, code, message, final);
    this.turnAway(candidate, rejection);
  }

  /** Somebody is not let in, and has been told, or will not be. */
  turnAway(candidate: Candidate | undefined, { code, message, cause, told = true }: Rejection): void {
    this.#refused++;
    if (!told) return;
    this.#tell('refused', new MeshError(code, message, cause === undefined ? undefined : { cause }), candidate);
  }

  /** Refuses who speaks another version of the wire. @returns whether it did */
  refuseVersion(port: Port, who: string, version: number): boolean {
    if (version === WIRE_VERSION) return false;
    const message = `${who} speaks version ${version} of the wire, the bridge ${WIRE_VERSION}.`;
    this.refuse(port, undefined, { code: 'VERSION_MISMATCH', message });
    return true;
  }

  malformed(problem: string, peer: Peer | undefined): void {
    this.#malformed++;
    this.#tell('malformed', problem, peer);
  }

  close(): void {
    this.#closed = true;
  }
}
