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

/** From a utility process to main. */
export function wayToMain(via: UtilityParentPort): OwnerWay {
  return {
    post: (message) => via.postMessage(message),
    listen(listener) {
      const onMessage = ({ data, ports }: { data: unknown; ports: object[] }): void => void listener(data, ports);
      via.on('message', onMessage);
      return () => void via.off('message', onMessage);
    },
  };
}

/** From a worker to the process that hosts it. */
export function wayToHost(via: MessagePort): OwnerWay {
  return {
    post: (message) => via.postMessage(message),
    listen(listener) {
      // Not `on`: that has no ports.
      const onMessage = (event: unknown): void => {
        const { data, ports } = event as { data: unknown; ports?: readonly object[] };
        listener(data, ports ?? []);
      };
      const target = via as unknown as Record<
        'addEventListener' | 'removeEventListener',
        (type: string, listener: (event: unknown) => void) => void
      >;
      target.addEventListener('message', onMessage);
      return () => target.removeEventListener('message', onMessage);
    },
  };
}
