import type { Mesh } from '../core/bus/mesh.js';
import { closedError } from '../core/bus/close-info.js';
import { Receiver } from '../core/bus/receiver.js';
import type { Peer } from '../core/directory/peer.js';
import type { LeaveReason } from '../core/errors/mesh-error.js';
import { describeCall, fail, type Call } from '../core/link/calls.js';
import type { Turn } from '../core/link/turn.js';
import type { Line } from './line.js';

const all = new WeakMap<Mesh, Lines>();

/** The lines of a bus, which end with it. */
export class Lines extends Receiver {
  readonly #mesh: Mesh;
  readonly #lines = new Set<Line>();

  static of(mesh: Mesh): Lines {
    const lines = all.get(mesh) ?? new Lines(mesh);
    all.set(mesh, lines);
    return lines;
  }

  private constructor(mesh: Mesh) {
    super(mesh);
    this.#mesh = mesh;
    mesh.news.add('leave', ({ id }: Peer, reason: LeaveReason) => {
      for (const line of this.#lines) if (line.peer.id === id) line.left(reason);
    });
    void mesh.closed.then((info) => {
      for (const line of this.#lines) {
        line.end(info.reason, (call) => closedError(describeCall(call, line.peer), info));
      }
    });
  }

  [Symbol.iterator](): Iterator<Line> {
    return this.#lines.values();
  }

  get turn(): Turn {
    return this.#mesh.turn;
  }

  add(line: Line): void {
    this.#lines.add(line);
  }

  redacts(peer: Peer): boolean {
    return this.#mesh.redacts(peer);
  }

  /** `undefined` if it has not. */
  whyLeft({ id }: Peer): LeaveReason | undefined {
    const { directory } = this.#mesh;
    return directory.get(id) ? undefined : directory.whyLeft(id);
  }

  // ---- what lines tell, where it is another matter than on the links of the bus

  override event(line: Line, _channel: string, [, lane, released]: unknown[]): void {
    line.remove(lane, released);
  }

  override request(line: Line, id: number, _channel: string, args: unknown[]): void {
    line.receive(id, args);
  }

  override stream(line: Line): void {
    line.malformed('a stream');
  }

  override port(line: Line): void {
    line.malformed('a port');
  }

  /** Nobody says so. */
  override missed(line: Line, call: Call): void {
    fail(call, () => line.closed(call));
  }

  override linkEnded(line: Line): void {
    this.#lines.delete(line);
  }
}
