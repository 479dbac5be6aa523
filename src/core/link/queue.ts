import { notCloneable } from '../errors/mesh-error.js';
import type { Posted } from './window.js';

/** A post that waits. */
export interface Waiting {
  readonly message: unknown[];
  /** What moves with it; `undefined` for a batch, which holds only what every port takes. */
  readonly transfer: readonly object[] | undefined;
  readonly bytes: number;
  readonly posted: Posted;
}

/** Posts that have left are cut off when there are so many. */
const CUT = 1024;

/** The posts that wait, in their order. */
export class Queue {
  #posts: Waiting[] = [];
  #head = 0;
  frames = 0;
  bytes = 0;

  get length(): number {
    return this.#posts.length - this.#head;
  }

  push(post: Waiting): void {
    this.#posts.push(post);
    this.frames += post.posted.frames;
    this.bytes += post.bytes;
  }

  shift(): Waiting | undefined {
    const post = this.#posts[this.#head];
    if (!post) return undefined;
    this.#head++;
    this.frames -= post.posted.frames;
    this.bytes -= post.bytes;
    if (this.#head > CUT || this.#head === this.#posts.length) {
      this.#posts = this.#posts.slice(this.#head);
      this.#head = 0;
    }
    return post;
  }

  /** Drops them all, and closes the ports that were to go with them. Returns how many events there were. */
  clear(): number {
    let events = 0;
    for (let post = this.shift(); post; post = this.shift()) {
      events += post.posted.events;
      closePorts(post.transfer);
    }
    return events;
  }
}

interface Closable {
  close(): void;
}

/** Whether it is a raw port, of any platform. A bitmap or a frame of a video can be closed as well, but nothing posts on it. */
function isPort(value: object): value is Closable {
  const { close, post, postMessage = post } = value as Partial<Record<string, unknown>>;
  return typeof close === 'function' && typeof postMessage === 'function';
}

/** Closes the ports among `transfer`: nobody will get them, and their far ends would wait for ever. */
export function closePorts(transfer: readonly object[] | undefined): void {
  for (const each of transfer ?? []) if (isPort(each)) each.close();
}

/** What comes meanwhile waits in a port that is moved, and in one that was never started. Electron's own can't be, in one process. */
function take(port: object): object {
  try {
    return structuredClone(port, { transfer: [port] });
  } catch {
    return port;
  }
}

/**
 * A message and its transfer list, as they are now, to be posted later: what moves belongs to the copy when this returns. The
 * message must not hold the ports in the list: no platform can clone all kinds.
 * @throws MeshError `NOT_CLONEABLE` if it can't be cloned; nothing is detached then
 */
export function keep(message: unknown[], transfer: readonly object[]): [message: unknown[], transfer: object[]] {
  try {
    const moved = transfer.filter((each) => !isPort(each));
    // Cloned in one piece: so the copies of what moves are known.
    const [copy, copies] = structuredClone([message, moved] as const, { transfer: moved });
    let next = 0;
    return [copy, transfer.map((each) => (isPort(each) ? take(each) : (copies[next++] as object)))];
  } catch (cause) {
    throw notCloneable(cause);
  }
}

/** How many characters the texts in a batch have. It holds captured values: small plain trees. */
export function textIn(values: readonly unknown[]): number {
  let characters = 0;
  for (const value of values) {
    if (typeof value === 'string') characters += value.length;
    else if (typeof value === 'object' && value !== null) {
      characters += textIn(Array.isArray(value) ? value : Object.values(value));
    }
  }
  return characters;
}
