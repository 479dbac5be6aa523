import type { Peer } from 'portmesh';
import type { Piece } from '../place/entry.js';
import { make, nameTag, type Content } from './dom.js';

export function write(pieces: readonly Piece[]): Content[] {
  return pieces.map((piece) => {
    if (typeof piece === 'string') return piece;
    return 'peer' in piece ? nameTag(piece.peer) : make('code', '', piece.code);
  });
}

/** What the bridge has stamped, in a line. */
export function identify({ type, origin, process, id }: Peer): string {
  return [...new Set([type, origin || process.type, `pid ${process.pid}`, shortId(id)])].join(' · ');
}

/** A peer's number. The part before it is the same for all that one bridge has let in. */
export function shortId(id: string): string {
  return `#${id.slice(id.lastIndexOf('.') + 1)}`;
}

export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}
