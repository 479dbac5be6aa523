import type { Directory } from '../directory/directory.js';
import type { Entry } from '../directory/entry.js';
import type { Peer } from '../directory/peer.js';
import { invalid, MeshError, show } from '../errors/mesh-error.js';
import { goneError } from '../link/calls.js';
import { isName } from '../wire/frames.js';

/** Whom a call is for: everybody, the peers of a name, or one peer. */
export type Target = undefined | string | { readonly id: string };

/** @throws MeshError `INVALID_ARGUMENT` if it is neither a name, nor a peer, nor `{ id }` */
export function checkTarget(target: unknown, call = 'to(target)'): Target {
  if (isName(target)) return target;
  if (typeof target === 'object' && target !== null && typeof (target as { id?: unknown }).id === 'string') {
    return target as { id: string };
  }
  throw invalid(call, `${show(target)} is no target. Give a peer's name, a Peer, or { id }.`);
}

/** The peers that are meant, whether or not they know the channel. */
export function peersOf(target: Target, directory: Directory): readonly Entry[] {
  if (target === undefined) return [...directory.entries()];
  if (typeof target === 'string') return directory.named(target);
  const entry = directory.get(target.id);
  return entry ? [entry] : [];
}

/** Of `entries`, those that are meant. */
export function select(target: Target, entries: readonly Entry[]): readonly Entry[] {
  if (entries.every((entry) => isMeant(target, entry))) return entries;
  return entries.filter((entry) => isMeant(target, entry));
}

export function isMeant(target: Target, { peer }: { readonly peer: Peer }): boolean {
  if (target === undefined) return true;
  return typeof target === 'string' ? peer.name === target : peer.id === target.id;
}

/** "no peer", "no peer of 'viewer'": whom a call needs, and hasn't. */
export function noPeerOf(target: Target): string {
  return target === undefined ? 'no peer' : `no peer of ${typeof target === 'string' ? `'${target}'` : target.id}`;
}

/** What to say where `peersOf` finds nobody. Who is hidden and who isn't there sound the same. */
export function noPeer(call: string, target: Exclude<Target, undefined>, directory: Directory): MeshError {
  if (typeof target === 'string') {
    return new MeshError(
      'NO_PEER',
      `${call} to '${target}': no other peer has this name. Has it connected yet? See bus.peers, or wait for its 'join'.`,
    );
  }
  const reason = directory.whyLeft(target.id);
  if (reason) return goneError(`${call} to ${target.id}`, reason);
  return new MeshError('NO_PEER', `${call} to { id: '${target.id}' }: no other peer has this id.`);
}
