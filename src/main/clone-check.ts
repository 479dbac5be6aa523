import { serialize } from 'node:v8';
import type { MessageChannelMain } from 'electron';
import type { CloneCheck } from '../core/port/electron-port.js';

const stillOpen = 'still open';

/**
 * Whether a post that fails closes its `MessagePortMain`, as in Electron before 30.1.2: then a payload is tried with
 * `v8.serialize` first. Tested on a throw-away channel; until the answer is there, payloads are tried.
 */
export class CloneChecker {
  #needed = true;

  constructor(Channel: typeof MessageChannelMain) {
    const { port1, port2 } = new Channel();
    const release = (needed: boolean): void => {
      this.#needed = needed;
      port2.removeAllListeners();
      port1.close();
      port2.close();
    };
    // The post that failed may have left something that can't be read in the channel.
    port2.once('message', ({ data }) => release(data !== stillOpen));
    port2.once('close', () => release(true));
    port2.start();
    try {
      port1.postMessage(() => {});
    } catch {
      // expected
    }
    port1.postMessage(stillOpen);
  }

  readonly check: CloneCheck = (message) => {
    if (this.#needed) serialize(message);
  };
}
