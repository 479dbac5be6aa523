// The preload: runs in the isolated world of every frame, before the page's first script. It carries ports, no messages.
// Bundled to one CommonJS file, as a sandboxed preload can load no second one.

import { ipcRenderer } from 'electron';
import { HELLO, JOIN, PRELOAD_EVENT, READY } from '../core/broker/joining.js';

const FIRST_RETRY_MS = 20;
const LAST_RETRY_MS = 500;

// Not randomUUID: that exists in secure contexts only.
const nonce = crypto.getRandomValues(new Uint32Array(4)).join('-');
/** Joins that wait for the bridge, each until `connect()` gives up: one that came later would be nobody's. */
let held: { readonly until: number; readonly pass: () => void }[] = [];
let next: ReturnType<typeof setTimeout> | undefined;

// Asked for each join: the bridge that was there before may be closed, and then a port that is sent to it is lost without a word.
ipcRenderer.on(READY, () => {
  clearTimeout(next);
  const waiting = stillWaiting();
  held = [];
  for (const { pass } of waiting) pass();
});

/** Until it is answered, as the bridge may start later, or until nobody waits any more. */
function greet(retry: number): void {
  held = stillWaiting();
  if (held.length === 0) return;
  ipcRenderer.send(HELLO);
  next = setTimeout(() => greet(Math.min(retry * 2, LAST_RETRY_MS)), retry);
}

function stillWaiting(): typeof held {
  return held.filter(({ until }) => performance.now() < until);
}

function onLook(event: Event): void {
  event.preventDefault();
}

function onMessage(event: MessageEvent): void {
  const message: unknown = event.data;
  // A join of this very document: not of a frame in it, not of its opener.
  if (event.source !== window || !Array.isArray(message) || message[0] !== JOIN) return;
  event.stopImmediatePropagation();
  const [port] = event.ports;
  if (!port) return;
  const [, name, version, vouch, timeout = Infinity] = message as unknown[];
  const pass = (): void => ipcRenderer.postMessage(JOIN, [nonce, name, version, vouch], [port]);
  if (held.push({ until: performance.now() + Number(timeout), pass }) === 1) greet(FIRST_RETRY_MS);
}

function listen(): void {
  window.addEventListener(PRELOAD_EVENT, onLook, true);
  window.addEventListener('message', onMessage, true);
}

listen();
// document.open() takes a window's listeners away, of all worlds: so does who writes the page of a window that it has opened.
new MutationObserver(listen).observe(document, { childList: true });
