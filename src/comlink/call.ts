import type { Call, Carrier } from '../core/link/calls.js';
import { REQUEST } from '../core/wire/frames.js';
import type { Asking } from './lane.js';
import type { Message } from './protocol.js';

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
