import type { Platform } from '../core/bus/platform.js';
import type { Peer } from '../core/directory/peer.js';
import { domEnd, electronEnd, MessagePortPort } from '../core/port/message-port.js';
import type { PortCapabilities } from '../core/port/port.js';

export function controlPort(raw: object): MessagePortPort {
  return adopt(raw, electronEnd);
}

export const platform: Platform = {
  channel() {
    const { port1, port2 } = new MessageChannel();
    return [port1, port2];
  },
  adopt: (raw, far) => adopt(raw, endOf(far)),
};

/** What the port of such a peer can receive. Is it unknown, then what every port can. */
function endOf(peer: Peer | undefined): PortCapabilities {
  return peer?.process.type === 'renderer' ? domEnd : electronEnd;
}

function adopt(raw: unknown, carries: PortCapabilities): MessagePortPort {
  if (typeof window !== 'undefined') return new MessagePortPort(raw as MessagePort, carries, window);
  return new MessagePortPort(raw as MessagePort, carries, undefined, mayHearClose(navigator.userAgent));
}

/**
 * Electron before 29 (Chromium 122) crashes the page when a worker of its ends in which a port has a `close` listener, and no
 * event tells of the end before. There a worker learns from the broker alone who has left. Without a word about the
 * version, the safe side is taken.
 */
export function mayHearClose(userAgent: string): boolean {
  return Number(/Chrome\/(\d+)/.exec(userAgent)?.[1]) >= 122;
}
