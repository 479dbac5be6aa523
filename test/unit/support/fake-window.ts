import { setMaxListeners } from 'node:events';

type Listener = Parameters<EventTarget['addEventListener']>[1];
type Options = Parameters<EventTarget['addEventListener']>[2];

/** A page's window, as far as the page's side and the preload use it. Node has the DOM's event classes. */
export class FakeWindow extends EventTarget {
  /** Itself, as of a window that is in no other. */
  parent: unknown = this;
  readonly origin: string = 'app://page';
  /** What was posted to it by `postMessage`. */
  readonly posted: { message: unknown; origin: string; transfer: readonly unknown[] }[] = [];
  readonly #listening = new Map<string, number>();
  readonly #listeners: { type: string; listener: Listener; options: Options }[] = [];

  constructor() {
    super();
    setMaxListeners(0, this); // Node warns of many, a browser doesn't
  }

  /** Delivers what is posted, as a browser does: in a task of its own, with `source`, to all listeners. */
  deliver: 'posted' | 'nothing' = 'posted';

  postMessage(message: unknown, origin: string, transfer: readonly MessagePort[] = []): void {
    this.posted.push({ message, origin, transfer });
    if (this.deliver === 'posted') setImmediate(() => this.receive(message, this, transfer));
  }

  /** A message that comes from `source`, a document of `origin`. */
  receive(data: unknown, source: unknown, ports: readonly unknown[] = [], origin: string = this.origin): Event {
    const event = Object.assign(new Event('message'), { data, source, ports, origin });
    this.dispatchEvent(event);
    return event;
  }

  override addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
    this.#listening.set(args[0], this.listening(args[0]) + 1);
    const [type, listener, options] = args;
    this.#listeners.push({ type, listener, options });
    super.addEventListener(...args);
  }

  override removeEventListener(...args: Parameters<EventTarget['removeEventListener']>): void {
    this.#listening.set(args[0], this.listening(args[0]) - 1);
    super.removeEventListener(...args);
  }

  /** As `document.open()` does: those of the page, and those of its preload. */
  forgetListeners(): void {
    for (const { type, listener, options } of this.#listeners.splice(0)) {
      // Node's takes no boolean here, unlike a browser's.
      super.removeEventListener(type, listener, options === true ? { capture: true } : options);
    }
    this.#listening.clear();
  }

  /** How many listeners an event has. */
  listening(type: string): number {
    return this.#listening.get(type) ?? 0;
  }
}
