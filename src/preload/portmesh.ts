// The preload: runs in the isolated world of every frame, before the page's first script. It carries ports, no messages.
// Bundled to one CommonJS file, as a sandboxed preload can load no second one.

import { ipcRenderer } from 'electron';
import { HELLO, JOIN, PRELOAD_EVENT, READY } from '../core/broker/joining.js';

const FIRST_RETRY_MS = 20;
const LAST_RETRY_MS = 500;

// Not randomUUID: that exists in secure contexts only.
const nonce = crypto.getRandomValues(new Uint32Array(4)).join('-');
let ready = false;
let held: (() => void)[] = [];

ipcRenderer.on(READY, () => {
  ready = true;
  const waiting = held;
  held = [];
  for (const join of waiting) join();
});

/** Until it is answered: the bridge may start later. Only for as long as somebody waits. */
function greet(retry: number): void {
  if (ready) return;
  ipcRenderer.send(HELLO);
  if (held.length > 0) setTimeout(() => greet(Math.min(retry * 2, LAST_RETRY_MS)), retry);
}
greet(0);

window.addEventListener(PRELOAD_EVENT, (event) => event.preventDefault(), true);

window.addEventListener(
  'message',
  (event) => {
    const message: unknown = event.data;
    // A join of this very document: not of a frame in it, not of its opener.
    if (event.source !== window || !Array.isArray(message) || message[0] !== JOIN) return;
    event.stopImmediatePropagation();
    const [port] = event.ports;
    if (!port) return;
    const join = (): void => ipcRenderer.postMessage(JOIN, [nonce, message[1], message[2], message[3]], [port]);
    if (ready) return join();
    if (held.push(join) === 1) greet(FIRST_RETRY_MS);
  },
  true,
);
