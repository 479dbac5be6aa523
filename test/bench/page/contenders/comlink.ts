import { expose, proxy, wrap } from 'comlink';
import type { Contender, Service } from '../contender.js';
import { freshMessage, type Message } from '../payload.js';
import { takePort } from '../ports.js';

interface Exposed extends Pick<Service, 'echo'> {
  items(count: number): Generator<Message> & ReturnType<typeof proxy>;
}

export const comlink: Contender = {
  async open() {
    const remote = wrap<Exposed>(await takePort('comlink'));
    return {
      echo: (message) => remote.echo(message),
      // It has no streams: an iterator's proxy, and a call for each item.
      async items(count, take) {
        const iterator = await remote.items(count);
        for (;;) {
          const { done, value } = await iterator.next();
          if (done) return;
          take(value);
        }
      },
    };
  },
  async serve({ echo }) {
    expose({ echo, items: (count: number) => proxy(freshMessages(count)) }, await takePort('comlink'));
  },
};

function* freshMessages(count: number): Generator<Message, undefined> {
  for (let i = 0; i < count; i++) yield freshMessage();
}
