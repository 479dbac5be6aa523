import type { Allowance } from './allowances.js';
import type { Channels } from '../directory/entry.js';
import { allows, type Grant } from '../directory/grant.js';
import type { Peer } from '../directory/peer.js';
import type { Port } from '../port/port.js';
import type { ControlOutbox } from './control.js';
import type { Pace } from './pace.js';

/** A peer's place at the broker. */
export interface Chair {
  readonly peer: Peer;
  readonly grant: Grant;
  readonly port: Port;
  readonly outbox: ControlOutbox;
  readonly channels: Channels;
  /** It sits at another broker: what everybody is told is told there once, and not for each. */
  readonly remote: boolean;
  /** While a confirmation is under way: the tokens of those asked for meanwhile. They share the next one. */
  confirming: number[] | undefined;
  /** It hasn't answered a confirmation in time, nor said anything since: no other one waits for it. */
  hangs: boolean;
  /** How often it may make everybody, and the broker's process, work. */
  readonly confirmations: Pace;
  readonly making: Pace;
  readonly opening: Pace;
  /** Shared by all peers of its process. */
  readonly allowance: Allowance;
}

/** Of a grant, what its owner's counterparts enforce. The rest would tell them of names that they may not see. */
export function told({ send, receive, services, provides }: Grant): Grant {
  const members = Object.entries({ send, receive, services, provides });
  return Object.fromEntries(members.filter(([, rules]) => rules));
}

/** Both ways: a link is for both, and each must be granted the other. */
export function mayLink(a: Chair, b: Chair): boolean {
  return allows(a.grant.peers, b.peer.name) && allows(b.grant.peers, a.peer.name);
}
