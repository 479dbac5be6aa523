// A utility process that relays the ports it is given.

import { ElectronPort, type ElectronPortLike } from '../../../src/core/port/electron-port.js';
import { relay, type PortKind } from '../../../src/core/port/relay.js';
import { check } from '../../../src/node/clone-check.js';

const waiting = new Map<number, (ends: readonly [object, object]) => void>();
let lastId = 0;
const kind: PortKind = {
  adopt: (raw) => new ElectronPort(raw as ElectronPortLike, check),
  channel: () =>
    new Promise((resolve) => {
      waiting.set(++lastId, resolve);
      process.parentPort.postMessage(lastId);
    }),
};

process.parentPort.on('message', ({ data, ports }) => {
  const [first, second] = ports as [object, object];
  if (data !== 'relay') return waiting.get(data as number)?.([first, second]);
  relay({ port: kind.adopt(first), kind }, { port: kind.adopt(second), kind });
});
