import * as control from '../../core/broker/control.js';
import type { Message } from '../../core/broker/control.js';

/** What a seat has asked of its broker, and has no answer to yet. */
export class Asked {
  readonly #tokens = new Set<number>();

  said([kind, token]: Message): void {
    if (kind === control.SYNC || kind === control.CONFIRM || kind === control.QUERY) this.#tokens.add(token as number);
  }

  told([kind, token]: Message): void {
    if (kind === control.SYNCED || kind === control.CONFIRMED || kind === control.QUERY || kind === control.FAILED) {
      this.#tokens.delete(token as number);
    }
  }

  /** The broker is gone, and with it all that was pending through it. */
  fail(text: string): Message[] {
    const tokens = [...this.#tokens];
    this.#tokens.clear();
    return tokens.map((token) => [control.FAILED, token, 'BRIDGE_GONE', text]);
  }
}
