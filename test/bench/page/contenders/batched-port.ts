import type { Contender } from '../contender.js';
import type { Message } from '../payload.js';
import { takePort } from '../ports.js';

const MOST = 512;

/** What a hand-written batching reaches: the messages of one microtask in arrays, answered array by array. */
export const batchedPort: Contender = {
  async open() {
    const port = await takePort('batched');
    const waiting: ((message: Message) => void)[][] = [];
    let batch: Message[] = [];
    let resolves: ((message: Message) => void)[] = [];
    const flush = (): void => {
      if (batch.length === 0) return;
      port.postMessage(batch);
      waiting.push(resolves);
      batch = [];
      resolves = [];
    };
    port.onmessage = (event) => {
      const messages = event.data as Message[];
      waiting.shift()?.forEach((resolve, index) => resolve(messages[index] as Message));
    };
    return {
      echo: (message) =>
        new Promise((resolve) => {
          if (batch.length === MOST) flush();
          if (batch.length === 0) queueMicrotask(flush);
          batch.push(message);
          resolves.push(resolve);
        }),
    };
  },
  async serve(service) {
    const port = await takePort('batched');
    port.onmessage = (event) => port.postMessage((event.data as Message[]).map((message) => service.echo(message)));
  },
};
