import { consume, defineService, provide } from 'portmesh/service';
import type { Contender } from '../contender.js';
import type { Message } from '../payload.js';
import { joinMesh } from './portmesh.js';

type Take = (message: Message) => void;

interface Echo {
  echo(message: Message): Message;
  /** Tells the callback too, and doesn't wait for it. */
  tell(message: Message, callback: Take): Message;
  /** Asks the callback, and waits for it. */
  ask(callback: () => Promise<Message>): Promise<Message>;
}

const bench = defineService<Echo>('bench', { version: '1.0' });

const exposed: Echo = {
  echo: (message) => message,
  tell(message, callback) {
    callback(message);
    return message;
  },
  ask: (callback) => callback(),
};

let provided = false;

/** One page provides it once, however many contenders ask for it. */
async function serve(): Promise<void> {
  if (provided) return;
  provided = true;
  provide(await joinMesh(), bench, exposed);
}

/** How many callbacks have been called: none may be lost. */
let called = 0;

export const service: Contender = {
  async open() {
    const remote = consume(await joinMesh(), bench);
    return { echo: (message) => remote.echo(message) };
  },
  serve,
};

export const serviceTelling: Contender = {
  async open() {
    const remote = consume(await joinMesh(), bench);
    return {
      async echo(message) {
        const before = called;
        const answer = await remote.tell(message, () => void called++);
        if (called !== before + 1) throw new Error('a callback was not called');
        return answer;
      },
    };
  },
  serve,
};

export const serviceAsking: Contender = {
  async open() {
    const remote = consume(await joinMesh(), bench);
    return { echo: (message) => remote.ask(async () => message) };
  },
  serve,
};
