import { closeAll } from '../port/port.js';
import { startTimer, type Timer } from '../timer.js';
import { WIRE_VERSION } from '../wire/frames.js';
import { within, type Patience } from '../within.js';
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

export interface AskOptions extends Patience {
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
  const { timeout, nonce, name, version = WIRE_VERSION, vouch, document, unanswered } = options;
  const message = writeAsk(nonce, name, version, vouch, document);
  let wanted = true;
  let next: Timer | undefined;
  let stop = (): void => {};
  const ask = (wait: number): void => {
    next = startTimer(wait, () => ask(Math.min(wait * 2, LAST_ASK_MS)));
    owner.post(message);
  };
  const over = (): void => {
    wanted = false;
    next?.stop();
  };
  const wait = (resolve: (port: object) => void): void => {
    stop = owner.listen((data, ports) => {
      if (!isAnswer(data, nonce)) return false;
      const [near, far] = wanted ? (owner.channel?.() ?? ports) : [];
      closeAll(ports.filter((port) => port !== near));
      if (!near) return true;
      over();
      if (owner.channel) owner.post(message, far);
      stop();
      resolve(near);
      return true;
    });
    ask(FIRST_ASK_MS);
  };
  return within(
    options,
    () => `no answer within ${timeout} ms. ${unanswered}`,
    wait,
    () => {
      over();
      startTimer(LATE_MS, () => stop());
    },
  );
}
