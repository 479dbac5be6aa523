import type { Client } from './contender.js';
import type { Message } from './payload.js';

/** Answers come in the order of the questions: the leanest use of a channel there is, without ids, errors or time-outs. */
export function clientOf(post: (message: unknown) => void, listen: (take: (data: unknown) => void) => void): Client {
  let waiting: ((value: unknown) => void)[] = [];
  let head = 0;
  listen((data) => {
    const resolve = waiting[head++] as (value: unknown) => void;
    if (head === waiting.length) {
      waiting = [];
      head = 0;
    }
    resolve(data);
  });
  const ask = (value: unknown): Promise<unknown> =>
    new Promise((resolve) => {
      waiting.push(resolve);
      post(value);
    });
  return {
    echo: (message) => ask(message) as Promise<Message>,
    send: post,
    bulk: (bytes) => ask(bytes) as Promise<number>,
  };
}
