// What every peer of the playground answers, the same code in a page and in main.

import type { MeshEvent } from 'portmesh';
import type { PlaygroundBus } from './channels.js';

/** Told of every request but pings; the result, if any, is told of how it ended. */
export type Witness = (event: MeshEvent, what: string) => ((outcome: string) => void) | void;

const MAX_SLOW_MS = 60_000;
const MAX_PRIMES = 5_000_000;

export function answerDemo(bus: PlaygroundBus, witness: Witness = () => {}): void {
  const by = bus.self.name;
  bus.handle('demo:ping', (_event, count) => count);

  bus.handle('demo:echo', (event, text) => {
    witness(event, `an echo of “${text}”`);
    return { by, text };
  });

  bus.handle('demo:primes', (event, below) => {
    witness(event, `the primes below ${below.toLocaleString('en')}`);
    return { by, ...countPrimes(Math.min(below, MAX_PRIMES)) };
  });

  bus.handle('demo:slow', async (event, ms) => {
    const ended = witness(event, `something slow, ${ms / 1000} s`);
    try {
      await sleep(Math.min(ms, MAX_SLOW_MS), event.signal);
    } catch (error) {
      ended?.('stopped: the caller no longer waits');
      throw error;
    }
    ended?.('answered');
    return { by, text: `${ms / 1000} s later` };
  });

  bus.handle('demo:fail', (event, text) => {
    witness(event, `something that fails, “${text}”`);
    return openDrawer(text);
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

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
