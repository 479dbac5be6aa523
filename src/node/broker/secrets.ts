import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Ticket } from '../../core/broker/tickets.js';

/** Two, since only bridges may tell of peers other than themselves. */
export interface Secrets {
  /** What a peer must know: the `token` of `connect({ broker })`. At least 16 characters. */
  readonly peer: string;
  /**
   * What a bridge must know: the `token` of `bridge.joinBroker()`. At least 16 characters. What proves that a peer has had a seat is
   * made of it: without one, whoever knows `peer` could take the seat of a peer that is away. @default none: no bridge can join
   */
  readonly bridge?: string;
}

/** What a peer shows when it takes its seat again. A broker that has taken this one's place, with the same secrets, knows it too. */
export function resumeSecret({ peer, bridge = peer }: Secrets, id: string): string {
  return createHmac('sha256', bridge).update(`portmesh resume\0${id}`).digest('base64url');
}

/** In constant time. */
export function isResumeSecret(secrets: Secrets, id: string, given: string): boolean {
  const [expected, actual] = [resumeSecret(secrets, id), given].map((text) =>
    createHmac('sha256', 'compared').update(text).digest(),
  ) as [Buffer, Buffer];
  return timingSafeEqual(expected, actual);
}

export function newTicket(): Ticket {
  return { id: randomBytes(12).toString('base64url'), key: randomBytes(32).toString('base64url') };
}
