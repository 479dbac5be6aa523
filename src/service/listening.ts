import { meshOf } from '../core/bus/caller.js';
import type { MeshEvent } from '../core/bus/events.js';
import type { Peer } from '../core/directory/peer.js';
import { SERVICE } from '../core/directory/grant.js';
import type { LeaveReason } from '../core/errors/mesh-error.js';
import { after, validate } from './schema.js';
import { providersOf, type User } from './user.js';
import { checkFit } from './version.js';

export type AnyListener = (...args: unknown[]) => unknown;

/**
 * Tells the events of a service; `$start` and `$stop` too.
 * @returns what ends it
 */
export function listen(user: User, event: string, listener: AnyListener): () => void {
  const provides = ({ id }: Peer): boolean => providersOf(user).some((each) => each.id === id);
  const { bus, service } = user;
  const { name, version, schema } = service;
  if (event === '$start' || event === '$stop') {
    const { news } = meshOf(bus);
    const known = new Set(providersOf(user).map(({ id }) => id));
    // The mesh tells of each change of each peer.
    const look = (peer: Peer, reason?: LeaveReason): unknown => {
      const { id } = peer;
      const did = known.has(id);
      const does = provides(peer);
      known[does ? 'add' : 'delete'](id);
      return does !== did && does === (event === '$start') ? listener(peer, reason) : undefined;
    };
    const kinds = ['join', 'change', 'leave'];
    for (const each of kinds) news.add(each, look);
    return () => kinds.forEach((each) => news.remove(each, look));
  }
  const channel = `${SERVICE}${name}/${event}`;
  const heard = ({ sender }: MeshEvent, theirs: unknown, ...args: unknown[]): unknown => {
    if (!provides(sender)) return undefined; // anybody may send, who is not told not to
    const call = `${name}.$on('${event}'), from ${sender.name} (${sender.id})`;
    checkFit(call, version, theirs);
    return after(validate(schema.events?.[event], args, 'PROTOCOL', call), () => listener(...args));
  };
  bus.on(channel, heard);
  return () => bus.off(channel, heard);
}
