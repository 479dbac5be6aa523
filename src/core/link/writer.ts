import { encodeError, redactedThrown, type WireError } from '../errors/wire-error.js';
import type { MessageLimits } from '../directory/limits.js';
import { MeshError, notCloneable } from '../errors/mesh-error.js';
import { capture, captureOne, uncaptured } from '../wire/capture.js';
import * as wire from '../wire/frames.js';
import { preparePayload, type Payload } from '../wire/payload.js';
import type { Outbox } from './outbox.js';

/** An item of a stream costs one, and one more for each so many bytes of it. */
const BYTES_PER_COST = 4096;

/**
 * Lays frames into the outbox: what is small and plain is copied into the batch that leaves at the end of the turn, anything
 * else goes alone, at once. A method that throws (`NOT_CLONEABLE`, `LIMIT`) has sent nothing, and moved nothing.
 */
export class Writer {
  readonly #outbox: Outbox;
  readonly #redact: boolean;
  readonly #limits: MessageLimits;

  /** @param limits of what goes alone: what is captured is within them */
  constructor(outbox: Outbox, redact: boolean, limits: MessageLimits) {
    this.#outbox = outbox;
    this.#redact = redact;
    this.#limits = limits;
  }

  /** `copies`, if the arguments could be captured; else they go alone. */
  event(channel: string, args: readonly unknown[], copies: readonly unknown[] | undefined): void {
    if (!copies) {
      this.#alone(wire.EVENT, 0, channel, [channel], args);
      return;
    }
    const batch = this.#outbox.frame(1);
    batch.push(wire.EVENT, channel, copies.length);
    for (const value of copies) batch.push(value);
  }

  /** Returns the arguments as they were captured; `undefined` if they went alone. */
  request(id: number, channel: string, args: readonly unknown[]): readonly unknown[] | undefined {
    const copies = capture(args);
    if (copies) {
      const batch = this.#outbox.frame();
      batch.push(wire.REQUEST, id, channel, copies.length);
      for (const value of copies) batch.push(value);
    } else {
      this.#alone(wire.REQUEST, id, channel, [id, channel], args);
    }
    return copies;
  }

  /** As `request`. */
  stream(id: number, channel: string, args: readonly unknown[], credit: number): readonly unknown[] | undefined {
    const copies = capture(args);
    if (copies) this.#outbox.frame().push(wire.STREAM, id, channel, credit, copies.length, ...copies);
    else this.#alone(wire.STREAM, id, channel, [id, channel, credit], args);
    return copies;
  }

  /** Hands a raw port over. It is the receiver's when this returns. */
  port(id: number, channel: string, args: readonly unknown[], port: object): void {
    this.#alone(wire.PORT, id, channel, [id, channel], args, port);
  }

  result(id: number, channel: string, value: unknown): void {
    this.#value(wire.RESULT, id, channel, value);
  }

  /** What was thrown. Something that is no error and can't be sent becomes the reason for that; this doesn't throw. */
  failure(id: number, channel: string, thrown: unknown): void {
    let encoded: WireError | undefined;
    try {
      encoded = encodeError(thrown, this.#redact);
      if (encoded) this.#value(wire.FAILURE, id, channel, encoded);
      else this.#value(wire.THROWN, id, channel, this.#redact ? redactedThrown(thrown) : thrown);
    } catch (error) {
      // Class, name, message and stack always go.
      const why = notCloneable(error, `handle('${channel}'): what it threw can't be sent: `);
      this.#outbox.frame().push(wire.FAILURE, id, encoded ? encoded.slice(0, 4) : encodeError(why, this.#redact));
    }
  }

  /** Gives the arguments of a request back. */
  missed(id: number, channel: string, args: readonly unknown[]): void {
    const copies = capture(args);
    if (copies) {
      this.#outbox.frame().push(wire.MISSED, id, copies.length, ...copies);
      return;
    }
    try {
      this.#alone(wire.MISSED, id, channel, [id], args);
    } catch {
      const text = `handle('${channel}'): not handled any more, and its arguments can't be given back.`;
      this.failure(id, channel, new MeshError('NO_HANDLER', text));
    }
  }

  /** Returns what the item costs of the stream's credit. */
  item(id: number, channel: string, value: unknown): number {
    const copy = captureOne(value);
    if (copy !== uncaptured) {
      this.#outbox.frame().push(wire.ITEM, id, 1, copy);
      return 1;
    }
    const payload = this.#prepare([value]);
    const cost = 1 + Math.floor(payload.bytes / BYTES_PER_COST);
    this.#post(wire.ITEM, id, channel, [id, cost], payload);
    return cost;
  }

  #value(kind: number, id: number, channel: string, value: unknown): void {
    const copy = captureOne(value);
    if (copy !== uncaptured) this.#outbox.frame().push(kind, id, copy);
    else this.#post(kind, id, channel, [id], this.#prepare([value]));
  }

  #prepare(values: readonly unknown[]): Payload {
    return preparePayload(values, this.#outbox.carries, this.#limits);
  }

  /** The frame of that kind: `head`, and behind it the count of `args` and these. */
  #alone(kind: number, id: number, channel: string, head: unknown[], args: readonly unknown[], port?: object): void {
    const payload = this.#prepare(args);
    head.push(payload.values.length);
    this.#post(kind, id, channel, head, payload, port);
  }

  #post(kind: number, id: number, channel: string, head: unknown[], payload: Payload, port?: object): void {
    const frame: unknown[] = [];
    const placeholders = port ? [{}, ...payload.placeholders] : payload.placeholders;
    if (placeholders.length > 0) frame.push(wire.PORTS, placeholders);
    frame.push(kind, ...head);
    for (const value of payload.values) frame.push(value);
    const transfer = port ? [port, ...payload.transfer] : payload.transfer;
    this.#outbox.postAlone(frame, transfer, { kind, id, channel }, kind === wire.EVENT ? 1 : 0, payload.bytes);
    payload.settle();
  }
}
