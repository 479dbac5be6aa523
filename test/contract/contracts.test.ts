import { MessageChannel as NodeChannel, Worker } from 'node:worker_threads';
import { afterAll, describe, it } from 'vitest';
import { nodePorts } from '../../src/core/port/kinds.js';
import { createMemoryChannel } from '../../src/core/port/memory-port.js';
import { electronEnd, MessagePortPort, type MessagePortLike } from '../../src/core/port/message-port.js';
import { relay, type PortKind as Raw } from '../../src/core/port/relay.js';
import { busContract } from './bus-contract.js';
import { flowContract } from './flow-contract.js';
import { grantContract } from './grant-contract.js';
import { linkContract } from './link-contract.js';
import { openPortContract } from './open-port-contract.js';
import { portContract, type PortKind } from './port-contract.js';
import { streamContract } from './stream-contract.js';

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
  'in-memory ports': { make: () => createMemoryChannel().ports },
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
    make() {
      const [near, inner] = createMemoryChannel({ carries: electronEnd }).ports;
      const { port1, port2 } = new NodeChannel();
      relay({ port: inner, kind: memory }, { port: node.adopt(port1), kind: node });
      return [near, node.adopt(port2)];
    },
  },
  "Node's ports, relayed by a worker": {
    make() {
      const [a, b] = [new NodeChannel(), new NodeChannel()];
      relayer.postMessage([a.port2, b.port1], [a.port2, b.port1]);
      return [node.adopt(a.port1), node.adopt(b.port2)];
    },
  },
};

for (const [name, kind] of Object.entries(kinds)) {
  describe(name, () => {
    for (const { name: behaviour, run } of portContract(kind)) it(`port: ${behaviour}`, run);
    for (const { name: behaviour, run } of linkContract(kind)) it(`link: ${behaviour}`, run);
    for (const { name: behaviour, run } of busContract(kind)) it(`bus: ${behaviour}`, run);
    for (const { name: behaviour, run } of streamContract(kind)) it(`stream: ${behaviour}`, run);
    for (const { name: behaviour, run } of openPortContract(kind)) it(`openPort: ${behaviour}`, run);
    for (const { name: behaviour, run } of grantContract(kind)) it(`grant: ${behaviour}`, run);
    for (const { name: behaviour, run } of flowContract(kind)) it(`flow: ${behaviour}`, run);
  });
}
