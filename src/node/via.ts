import { MessagePort } from 'node:worker_threads';
import type { OwnerWay } from '../core/broker/asker.js';

/** Electron's `process.parentPort` in a utility process, as far as it is needed. */
export interface UtilityParentPort {
  /** To main. */
  postMessage(message: unknown): void;
  /** From main. */
  on(event: 'message', listener: (event: { data: unknown; ports: object[] }) => void): unknown;
  /** Removes a listener. */
  off(event: 'message', listener: (event: { data: unknown; ports: object[] }) => void): unknown;
}

export type { MessagePort as WorkerParentPort };

/** Whether it is a `worker_threads` worker's `parentPort`. */
export function isWorkerPort(via: unknown): via is MessagePort {
  return via instanceof MessagePort;
}

export function isUtilityPort(via: unknown): via is UtilityParentPort {
  const { postMessage, on, off } = Object(via) as Partial<UtilityParentPort>;
  return [postMessage, on, off].every((each) => typeof each === 'function') && !isWorkerPort(via);
}

type Listener = Parameters<OwnerWay['listen']>[0];

/** From a utility process to main. */
export function wayToMain(via: UtilityParentPort): OwnerWay {
  return {
    post: (message) => via.postMessage(message),
    listen: (listener) =>
      hear(via, listener, (heard) => {
        const onMessage = ({ data, ports }: { data: unknown; ports: object[] }): void => heard(data, ports);
        via.on('message', onMessage);
        return () => void via.off('message', onMessage);
      }),
  };
}

/** From a worker to the process that hosts it. */
export function wayToHost(via: MessagePort): OwnerWay {
  return {
    post: (message) => via.postMessage(message),
    listen: (listener) =>
      hear(via, listener, (heard) => {
        // Not `on`: that has no ports.
        const onMessage = (event: unknown): void => {
          const { data, ports } = event as { data: unknown; ports?: readonly object[] };
          heard(data, ports ?? []);
        };
        const target = via as unknown as Record<
          'addEventListener' | 'removeEventListener',
          (type: string, listener: (event: unknown) => void) => void
        >;
        target.addEventListener('message', onMessage);
        return () => target.removeEventListener('message', onMessage);
      }),
  };
}

interface Heard {
  readonly listeners: Set<Listener>;
  readonly stop: () => void;
}

const heardBy = new WeakMap<object, Heard>();

/** One listener on a port for all who ask there: of eleven, Node warns. */
function hear(
  via: object,
  listener: Listener,
  start: (heard: (data: unknown, ports: readonly object[]) => void) => () => void,
): () => void {
  let heard = heardBy.get(via);
  if (!heard) {
    const listeners = new Set<Listener>();
    const stop = start((data, ports) => {
      for (const each of listeners) if (each(data, ports)) return;
    });
    heardBy.set(via, (heard = { listeners, stop }));
  }
  const { listeners, stop } = heard;
  listeners.add(listener);
  return () => {
    if (!listeners.delete(listener) || listeners.size > 0) return;
    heardBy.delete(via);
    stop();
  };
}
