import type { Client } from '../contender.js';
import { freshChunk, freshMessage, type Message } from '../payload.js';
import { takePort } from '../ports.js';

/** Large items under way, unacknowledged: where throughput no longer gains by more. */
const IN_FLIGHT = 8;

type Streams = Required<Pick<Client, 'items' | 'chunks'>>;

/** Small items in a post each, as fast as they are made: nothing holds the sender. Large ones are acknowledged, each. */
export async function openRawStreams(): Promise<Streams> {
  const [items, chunks] = [await takePort('raw items'), await takePort('raw chunks')];
  return {
    items: (count, take) => receive(items, count, (item) => take(item as Message)),
    chunks: (count, take) =>
      receive(chunks, count, (chunk) => {
        take(chunk as Uint8Array);
        chunks.postMessage('taken');
      }),
  };
}

export async function serveRawStreams(): Promise<void> {
  const [items, chunks] = [await takePort('raw items'), await takePort('raw chunks')];
  items.onmessage = ({ data }) => {
    for (let left = data as number; left > 0; left--) items.postMessage(freshMessage());
  };
  let left = 0;
  const sendOne = (): void => {
    if (left-- > 0) chunks.postMessage(freshChunk());
  };
  chunks.onmessage = ({ data }) => {
    if (data === 'taken') return sendOne();
    left = data as number;
    for (let i = 0; i < IN_FLIGHT; i++) sendOne();
  };
}

function receive(port: MessagePort, count: number, take: (item: unknown) => void): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    port.onmessage = ({ data }) => {
      take(data);
      if (--left === 0) resolve();
    };
    port.postMessage(count);
  });
}
