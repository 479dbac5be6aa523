import { Receiver } from '../core/bus/receiver.js';
import { fail, type Call } from '../core/link/calls.js';
import type { Link } from '../core/link/link.js';

/** A line, as far as it is told something. */
interface Line extends Link {
  closed(call: Call): unknown;
  receive(id: number, args: readonly unknown[]): void;
  remove(lane: unknown): void;
}

/** What lines tell, brought to where it belongs: on them, nothing but calls is said, and the end of lanes. */
export class Inbox extends Receiver {
  override event(line: Line, _channel: string, [, lane]: unknown[]): void {
    line.remove(lane);
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

  override missed(line: Line, call: Call): void {
    fail(call, () => line.closed(call));
  }
}
