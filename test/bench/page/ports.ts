// Raw ports that main hands to this page, by label. The preload passes them on; see preload.ts.

import { PORT_MESSAGE } from '../main/channels.js';

const arrived = new Map<string, MessagePort>();
const awaited = new Map<string, (port: MessagePort) => void>();
const listeners = new Map<string, (port: MessagePort) => void>();

window.addEventListener('message', (event) => {
  const [kind, label] = Array.isArray(event.data) ? (event.data as unknown[]) : [];
  const [port] = event.ports;
  if (event.source !== window || kind !== PORT_MESSAGE || typeof label !== 'string' || !port) return;
  const take = awaited.get(label) ?? listeners.get(label);
  awaited.delete(label);
  if (take) take(port);
  else arrived.set(label, port);
});

/** The port of that label, once: as soon as it is there. */
export function takePort(label: string): Promise<MessagePort> {
  const port = arrived.get(label);
  arrived.delete(label);
  return port ? Promise.resolve(port) : new Promise((resolve) => awaited.set(label, resolve));
}

/** Every port of that label, from now on. */
export function takePorts(label: string, listener: (port: MessagePort) => void): void {
  listeners.set(label, listener);
}
