import type { Client, Contender } from '../contender.js';
import { freshChunk, freshMessage, type Message } from '../payload.js';
import { takePort } from '../ports.js';

/** Items that the platform's own stream makes ahead: more of them don't make it faster. */
const AHEAD = 64;

/** What the platform itself has: a ReadableStream that is transferred to the other page. */
export const platformStream: Contender = {
  async open() {
    const port = await takePort('streams');
    const take = async (kind: string, count: number, give: (item: unknown) => void): Promise<void> => {
      const stream = new Promise<ReadableStream<unknown>>((resolve) => (port.onmessage = ({ data }) => resolve(data)));
      port.postMessage([kind, count]);
      const reader = (await stream).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        give(value);
      }
    };
    return {
      echo: () => Promise.reject(new Error('it streams only')),
      items: (count, give) => take('items', count, (item) => give(item as Message)),
      chunks: (count, give) => take('chunks', count, (chunk) => give(chunk as Uint8Array)),
    } satisfies Client;
  },
  async serve() {
    const port = await takePort('streams');
    port.onmessage = ({ data }) => {
      const [kind, count] = data as [string, number];
      const fresh = kind === 'items' ? freshMessage : freshChunk;
      let left = count;
      const pull = (controller: ReadableStreamDefaultController<unknown>): void => {
        if (left-- > 0) controller.enqueue(fresh());
        else controller.close();
      };
      const stream = new ReadableStream({ pull }, { highWaterMark: AHEAD });
      port.postMessage(stream, [stream]);
    };
  },
};
