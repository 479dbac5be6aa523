import { MessageChannel as NodeChannel, Worker } from 'node:worker_threads';
import { afterAll, describe, it } from 'vitest';
import { nodePorts } from '../../src/core/port/kinds.js';
import { createMemoryChannel } from '../../src/core/port/memory-port.js';
import { electronEnd, MessagePortPort, type MessagePortLike } from '../../src/core/port/message-port.js';
import type { Port } from '../../src/core/port/port.js';
import { relay, type PortKind as Raw } from '../../src/core/port/relay.js';
import { allCases } from './contracts.js';
import type { PortKind } from './port-contract.js';

const node = nodePorts(NodeChannel);
const memory: Raw = { adopt: (raw) => raw as never, channel: () => createMemoryChannel().ports };

/** A worker that relays the two ports it is given: all that is said passes through another thread. */
const relayer = new Worker(
  `const core = ${JSON.stringify(new URL('../../dist/core/port/', import.meta.url).href)};
  const loaded = Promise.all([import(core + 'relay.js'), import(core + 'kinds.js')]);
  const { MessageChannel, parentPort } = require('node:worker_threads');
  parentPort.on('message', async (ports) => {
    const [{ relay }, { nodePorts }] = await loaded;
    const kind = nodePorts(MessageChannel);
    const [a, b] = ports.map((raw) => ({ port: kind.adopt(raw), kind }));
    relay(a, b);
  });`,
  { eval: true },
);
afterAll(() => relayer.terminate());

const kinds: Record<string, PortKind> = {
  'in-memory ports': { slow: true, make: () => createMemoryChannel().ports },
  'in-memory ports with a latency': { make: () => createMemoryChannel({ latency: 2 }).ports },
  "Node's MessageChannel": {
    make() {
      const { port1, port2 } = new MessageChannel();
      return [
        new MessagePortPort(port1 as unknown as MessagePortLike),
        new MessagePortPort(port2 as unknown as MessagePortLike),
      ];
    },
    raw() {
      const { port1, port2 } = new MessageChannel();
      return [port1, port2];
    },
    adopt: (raw) => new MessagePortPort(raw as MessagePortLike),
  },
  "ports in memory, relayed to Node's": {
    mixed: true,
    make() {
      const [near, inner] = createMemoryChannel({ carries: electronEnd }).ports;
      const { port1, port2 } = new NodeChannel();
      relay({ port: inner, kind: memory }, { port: node.adopt(port1), kind: node });
      return [near, node.adopt(port2)];
    },
    adopt: (raw) => ('postMessage' in raw ? node.adopt(raw) : (raw as Port)),
  },
  "Node's ports, relayed by a worker": {
    make() {
      const [a, b] = [new NodeChannel(), new NodeChannel()];
      relayer.postMessage([a.port2, b.port1], [a.port2, b.port1]);
      return [node.adopt(a.port1), node.adopt(b.port2)];
    },
    raw() {
      const [a, b] = [new NodeChannel(), new NodeChannel()];
      relayer.postMessage([a.port2, b.port1], [a.port2, b.port1]);
      return [a.port1, b.port2];
    },
    adopt: (raw) => node.adopt(raw),
  },
};

for (const [name, kind] of Object.entries(kinds)) {
  describe(name, () => {
    for (const [behaviour, { run }] of allCases(kind)) it(behaviour, run);
  });
}
