// Raw ports that main hands to this page, by label. The preload passes them on; see preload.ts.

import { PORT_MESSAGE } from '../main/channels.js';

const arrived = new Map<string, MessagePort>();
const awaited = new Map<string, (port: MessagePort) => void>();

window.addEventListener('message', (event) => {
  const [kind, label] = Array.isArray(event.data) ? (event.data as unknown[]) : [];
  const [port] = event.ports;
  if (event.source !== window || kind !== PORT_MESSAGE || typeof label !== 'string' || !port) return;
  const resolve = awaited.get(label);
  awaited.delete(label);
  if (resolve) resolve(port);
  else arrived.set(label, port);
});

/** The port of that label, once: as soon as it is there. */
export function takePort(label: string): Promise<MessagePort> {
  const port = arrived.get(label);
  arrived.delete(label);
  return port ? Promise.resolve(port) : new Promise((resolve) => awaited.set(label, resolve));
}
