import { closeRaw } from '../port/port.js';
import { isCount } from '../wire/frames.js';
import type { Chair } from './chair.js';
import * as control from './control.js';

/** Characters of what a peer says on why it can't be dialed. */
const MAX_WHY = 1000;

/** What peers say to their broker. False where that makes no sense, or is too much; else a `port` is the sink's. */
export interface ControlSink {
  changes(chair: Chair, first: number, changes: readonly unknown[]): boolean;
  state(chair: Chair, number: number, listens: unknown, handles: unknown): boolean;
  channel(chair: Chair, token: number): boolean;
  open(chair: Chair, to: string, epoch: number, known: number, port: object): boolean;
  dial(chair: Chair, token: number, to: string, known: number): boolean;
  /** It listens for the holder of a ticket; or says why it doesn't. */
  answered(chair: Chair, ticket: string, address: unknown, why?: string): void;
  query(chair: Chair, token: number): void;
  sync(chair: Chair, token: number): void;
  confirm(chair: Chair, token: number): boolean;
  told(chair: Chair, token: number): void;
  bye(chair: Chair): void;
  /** Whether it still sits there. */
  seated(chair: Chair): boolean;
}

/**
 * Reads one post of a peer, and closes the ports in it that are nobody's. Everything is checked, and nothing throws: the peer is not
 * trusted. False if a message in it is malformed: those behind it are not looked at.
 */
export function readControl(chair: Chair, data: unknown, ports: readonly unknown[], sink: ControlSink): boolean {
  const used = readMessages(chair, data, ports, sink);
  // The first port is that of an OPEN, the last message; any other is nobody's. Behind a BYE, nothing has been looked at.
  const last = used && sink.seated(chair) ? ((data as unknown[][]).at(-1) as unknown[])[0] : undefined;
  for (const port of ports.slice(last === control.OPEN ? 1 : 0)) closeRaw(port);
  return used;
}

function readMessages(chair: Chair, data: unknown, ports: readonly unknown[], sink: ControlSink): boolean {
  if (!Array.isArray(data) || data.length === 0) return false;
  try {
    // Not `every`: that walks over holes, and an array of 2³² holes is a few bytes on the wire.
    for (let i = 0; i < data.length; i++) {
      const message: unknown = data[i];
      const port = i === data.length - 1 ? ports[0] : undefined;
      chair.allowance.readMessages();
      if (!Array.isArray(message) || !readMessage(chair, message as unknown[], port, sink)) return false;
      if (!sink.seated(chair)) break; // it has left
    }
    return true;
  } catch {
    return false;
  }
}

function readMessage(chair: Chair, message: readonly unknown[], port: unknown, sink: ControlSink): boolean {
  const [kind, a, b, c] = message;
  switch (kind) {
    case control.LISTENING:
      if (typeof a !== 'string') return false;
      sink.answered(chair, a, b);
      return true;
    case control.DEAF:
      // Never `String()` of what came from there: of a few bytes that can make gigabytes.
      if (typeof a !== 'string' || typeof b !== 'string') return false;
      sink.answered(chair, a, undefined, b.slice(0, MAX_WHY));
      return true;
    case control.OPEN:
      if (typeof a !== 'string' || !isCount(b) || !isCount(c) || !port) return false;
      return sink.open(chair, a, b, c, port);
    case control.BYE:
      sink.bye(chair);
      return true;
  }
  // All others begin with a number.
  if (!isCount(a)) return false;
  switch (kind) {
    case control.CHANGES:
      return Array.isArray(b) && sink.changes(chair, a, b as unknown[]);
    case control.STATE:
      return sink.state(chair, a, b, c);
    case control.CHANNEL:
      return sink.channel(chair, a);
    case control.DIAL:
      return typeof b === 'string' && isCount(c) && sink.dial(chair, a, b, c);
    case control.QUERY:
      sink.query(chair, a);
      return true;
    case control.SYNC:
      sink.sync(chair, a);
      return true;
    case control.CONFIRM:
      return sink.confirm(chair, a);
    case control.TOLD:
      sink.told(chair, a);
      return true;
    default:
      return false;
  }
}
