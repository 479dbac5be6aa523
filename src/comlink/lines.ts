import type { Mesh } from '../core/bus/mesh.js';
import { closedError, type CloseInfo } from '../core/bus/close-info.js';
import type { Peer } from '../core/directory/peer.js';
import type { LeaveReason, MeshError } from '../core/errors/mesh-error.js';
import type { Line, LineOwner } from './line.js';

const all = new WeakMap<Mesh, Lines>();

/** The lines of a bus, which end with it. */
export class Lines implements LineOwner {
  readonly #mesh: Mesh;
  readonly #lines = new Set<Line>();

  static of(mesh: Mesh): Lines {
    const lines = all.get(mesh) ?? new Lines(mesh);
    all.set(mesh, lines);
    return lines;
  }

  private constructor(mesh: Mesh) {
    this.#mesh = mesh;
    void mesh.closed.then((info: CloseInfo) => {
      for (const line of [...this.#lines]) line.end((call) => closedError(call, info));
    });
  }

  [Symbol.iterator](): Iterator<Line> {
    return this.#lines.values();
  }

  add(line: Line): void {
    if (this.#lines.size === 0) this.#mesh.news.add('leave', this.#onLeave);
    this.#lines.add(line);
  }

  delete(line: Line): void {
    this.#lines.delete(line);
    if (this.#lines.size === 0) this.#mesh.news.remove('leave', this.#onLeave);
  }

  report(error: MeshError, line: Line): void {
    this.#mesh.reports.failed(error, line.peer, line.name);
  }

  whyLeft(id: string): LeaveReason | undefined {
    return this.#mesh.directory.whyLeft(id);
  }

  redacts(peer: Peer): boolean {
    return this.#mesh.redacts(peer);
  }

  readonly #onLeave = (peer: Peer, reason: LeaveReason): void => {
    for (const line of [...this.#lines]) if (line.peer.id === peer.id) line.gone(reason);
  };
}
