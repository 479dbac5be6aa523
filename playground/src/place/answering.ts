// What every place answers, the same code in a page, a worker, main and its helpers.

import type { MeshEvent } from 'portmesh';
import type { PlaygroundBus } from '../channels.js';
import type { Journal, Line } from './journal.js';
import { sleep } from './sleep.js';
import type { Traffic } from './traffic.js';

const MAX_SLOW_MS = 60_000;
const MAX_PRIMES = 5_000_000;

export function answerDemo(bus: PlaygroundBus, journal: Journal, traffic: Traffic): void {
  const by = bus.self.name;
  const asked = ({ sender }: MeshEvent): void => traffic.count(sender, 'in', 'request');
  const answered = ({ sender }: MeshEvent): void => traffic.count(sender, 'out', 'answer');
  const note = (event: MeshEvent, what: string): Line => {
    asked(event);
    return journal.add('served', { peer: event.sender.name }, ` asks for ${what}`);
  };

  bus.handle('demo:ping', (event, count) => {
    asked(event);
    answered(event);
    return count;
  });

  bus.handle('demo:echo', (event, text) => {
    note(event, `an echo of “${text}”`);
    answered(event);
    return { by, text };
  });

  bus.handle('demo:mirror', (event, numbers) => {
    note(event, `${numbers.length.toLocaleString('en')} numbers, mirrored`);
    answered(event);
    return { by, numbers: numbers.slice().reverse() };
  });

  bus.handle('demo:primes', (event, below) => {
    note(event, `the primes below ${below.toLocaleString('en')}`);
    const primes = countPrimes(Math.min(below, MAX_PRIMES));
    answered(event);
    return { by, ...primes };
  });

  bus.handle('demo:slow', async (event, ms) => {
    const line = note(event, `something slow, ${ms / 1000} s`).open();
    try {
      await sleep(Math.min(ms, MAX_SLOW_MS), event.signal);
    } catch (error) {
      line.settle('done', 'stopped: the caller no longer waits');
      throw error;
    }
    line.settle('done', 'answered');
    answered(event);
    return { by, text: `${ms / 1000} s later` };
  });

  bus.handle('demo:fail', (event, text) => {
    note(event, `something that fails, “${text}”`);
    answered(event);
    return openDrawer(text);
  });

  bus.on('chat:said', (event, text) => {
    traffic.count(event.sender, 'in', 'event');
    journal.add('got', { peer: event.sender.name }, ` says “${text}”`);
  });
}

/** Some depth, for a stack that is worth reading at the caller. */
function openDrawer(label: string): never {
  try {
    return findKey(label);
  } catch (cause) {
    throw new TypeError(`the drawer “${label}” can't be opened`, { cause });
  }
}

function findKey(label: string): never {
  throw Object.assign(new RangeError(`there is no key for “${label}”`), { code: 'NO_KEY' });
}

function countPrimes(below: number): { count: number; largest: number } {
  const composite = new Uint8Array(Math.max(0, below));
  let count = 0;
  let largest = 0;
  for (let n = 2; n < below; n++) {
    if (composite[n]) continue;
    count++;
    largest = n;
    for (let multiple = n * n; multiple < below; multiple += n) composite[multiple] = 1;
  }
  return { count, largest };
}
