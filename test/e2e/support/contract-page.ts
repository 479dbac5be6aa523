import { allCases } from '../../contract/contracts.js';
import { kindOf, runCase } from './contract-names.js';

const worker = new Worker('contract-worker.js');

/** Two ends, and between them another thread. */
function throughWorker(): { port1: MessagePort; port2: MessagePort } {
  const [a, b] = [new MessageChannel(), new MessageChannel()];
  worker.postMessage('relay', [a.port2, b.port1]);
  return { port1: a.port1, port2: b.port2 };
}

const direct = allCases(kindOf(() => new MessageChannel()));
const relayed = allCases(kindOf(throughWorker));

/** What the worker says of a case that it runs over ports of its own. */
function inWorker(name: string): Promise<string> {
  return new Promise((resolve) => {
    worker.addEventListener('message', ({ data }) => resolve(data as string), { once: true });
    worker.postMessage(name);
  });
}

Object.assign(window, {
  runCase: (way: string, name: string) =>
    way === 'direct' ? runCase(direct, name) : way === 'worker' ? runCase(relayed, name) : inWorker(name),
});
