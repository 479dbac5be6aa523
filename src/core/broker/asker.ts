import { MeshError } from '../errors/mesh-error.js';
import { closeAll } from '../port/port.js';
import { startTimer, type Timer } from '../timer.js';
import { WIRE_VERSION } from '../wire/frames.js';
import { FIRST_ASK_MS, isAnswer, LAST_ASK_MS, writeAsk, type Vouch } from './asking.js';

/** After it has given up, an asker waits so many milliseconds for an answer under way, to close its port. */
const LATE_MS = 1000;

/** A child's way to its owner. */
export interface OwnerWay {
  /** @param port goes with the message; only one that `channel()` has made */
  post(message: readonly unknown[], port?: object): void;
  /** Makes a channel: one end for this side, one that can go to the owner. Absent where none can: then the owner sends one. */
  channel?(): readonly [object, object];
  /**
   * Calls `listener` with each message of the owner, and of nobody else; it returns whether the message was meant for it.
   * Returns how to stop.
   */
  listen(listener: (data: unknown, ports: readonly object[]) => boolean): () => void;
}

export interface AskOptions {
  /** The call, as its caller wrote it, for errors. */
  readonly call: string;
  /** Milliseconds to wait for an answer. `Infinity`: for ever. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
  /** Names this ask: random, of 16 to 64 characters. */
  readonly nonce: string;
  readonly name?: string | undefined;
  /** Of the wire. Default: this side's own */
  readonly version?: number;
  readonly vouch?: Vouch | undefined;
  /** See `Vouch.document` */
  readonly document?: number;
  /** What to say if nobody answers: who was asked, and the fix. */
  readonly unanswered: string;
}

/**
 * Asks a child's owner for a port to the broker, until it answers.
 * Rejects with a MeshError: `TIMEOUT`, `ABORTED`. A port that comes afterwards is closed.
 */
export function askOwner(owner: OwnerWay, options: AskOptions): Promise<object> {
  const { call, timeout, signal, nonce, name, version = WIRE_VERSION, vouch, document, unanswered } = options;
  const message = writeAsk(nonce, name, version, vouch, document);
  return new Promise((resolve, reject) => {
    let settled = false;
    let next: Timer | undefined;
    const ask = (wait: number): void => {
      next = startTimer(wait, () => ask(Math.min(wait * 2, LAST_ASK_MS)));
      owner.post(message);
    };
    const stop = owner.listen((data, ports) => {
      if (!isAnswer(data, nonce)) return false;
      const [near, far] = settled ? [] : (owner.channel?.() ?? ports);
      closeAll(ports.filter((port) => port !== near));
      if (!near) return true;
      settle();
      if (owner.channel) owner.post(message, far);
      stop();
      resolve(near);
      return true;
    });
    const settle = (): void => {
      settled = true;
      next?.stop();
      limit?.stop();
      signal?.removeEventListener('abort', onAbort);
    };
    const fail = (error: unknown): void => {
      settle();
      startTimer(LATE_MS, stop);
      reject(error);
    };
    const onAbort = (): void =>
      fail(new MeshError('ABORTED', `${call}: aborted by the caller's signal.`, { cause: signal?.reason }));
    const limit = Number.isFinite(timeout)
      ? startTimer(timeout, () =>
          fail(new MeshError('TIMEOUT', `${call}: no answer within ${timeout} ms. ${unanswered}`)),
        )
      : undefined;
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) return onAbort();
    try {
      ask(FIRST_ASK_MS);
    } catch (error) {
      fail(error);
    }
  });
}
