import type { Call, Carrier } from '../core/link/calls.js';
import type { Port } from '../core/port/port.js';
import { REQUEST } from '../core/wire/frames.js';
import type { Message } from './protocol.js';

/** Makes the error that a call rejects with. */
export type Why = (call: Call) => unknown;

/** The line, for what is on it. */
export interface LaneOwner {
  readonly name: string;
  /** What calls reject with on a lane that is closed. */
  readonly closed: Why;
  /** Calls the other side. Resolves to the answer. */
  call(call: LaneCall, data: unknown, transfer?: readonly object[]): Promise<Message>;
  /** One of these is: `answer` is what came, or a promise that rejects. */
  settled(call: LaneCall, answer: unknown): void;
  /** Answers a call. @throws MeshError `NOT_CLONEABLE`; nothing has been sent then */
  reply(id: number, message: Message, transfer?: readonly object[]): void;
  /** What a message is for this peer. */
  redacted(data: unknown): unknown;
  /** Throws if nobody may follow a path; `undefined`: it makes no sense, and is reported. */
  check(path: readonly unknown[] | undefined): void;
  /**
   * Makes the lanes in a message. @param ports gets the ports of the platform that stand for them: without, those are for who gets it
   */
  unpack<T>(data: T, places: unknown, ports?: object[]): T;
  /** Closes a lane, on both sides. */
  close(id: number): void;
}

/** A lane on which this side calls the other. */
export interface Asking {
  readonly line: LaneOwner;
  readonly name: string;
  /** Stands for it here: see relay.ts. */
  readonly port: Port | undefined;
  /** Under way to the other side. */
  readonly calls: Set<LaneCall>;
  /** Why nothing more can be called. */
  readonly why: Why | undefined;
  /** What a call is on the line. */
  write(places: unknown, data: unknown): unknown[];
  /** Closes it, when no call is under way. */
  release(): void;
}

/** What is said on a line needs none: which lane it is on stands in each message. */
export const CHANNEL = '-';

/** No call needs a look at the clock. */
const anyTime = { time: 0 };

/** A call on a line. It has nothing of what is called with it: that would be kept as long as it is under way. */
export class LaneCall implements Call {
  readonly kind = REQUEST;
  readonly channel = CHANNEL;
  readonly timeout = Infinity;
  readonly started = anyTime;
  readonly signal = undefined;
  link: Carrier | undefined = undefined;
  id = 0;
  readonly lane: Asking;
  /** Lanes that are made for it. */
  made: readonly { readonly id: number }[] | undefined;
  /** Gets the ports of the platform that are in the answer. */
  readonly ports: object[] | undefined;
  /** Settles the promise of it. */
  settle: ((answer: unknown) => void) | undefined;
  readonly #type: unknown;
  readonly #path: unknown;

  constructor(lane: Asking, { type, path = [] }: Message, ports?: object[]) {
    this.lane = lane;
    this.ports = ports;
    this.#type = type;
    this.#path = path;
  }

  /** How its caller wrote it: made a text where one is wanted. */
  get service(): { readonly label: string } {
    const what = [this.lane.name].concat(this.#path as string[]).join('.');
    return { label: this.#type === 'APPLY' ? `${what}()` : this.#type === 'CONSTRUCT' ? `new ${what}()` : what };
  }

  resolve(answer: unknown): void {
    this.lane.line.settled(this, answer);
  }
}
