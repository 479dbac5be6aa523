import { describe, it } from 'vitest';
import { createMemoryChannel } from '../../src/core/port/memory-port.js';
import { MessagePortPort, type MessagePortLike } from '../../src/core/port/message-port.js';
import type { Port } from '../../src/core/port/port.js';
import { busContract } from './bus-contract.js';
import { linkContract } from './link-contract.js';
import { portContract, type WholePortKind } from './port-contract.js';

const asPort = (raw: object): Port => raw as Port;

const kinds: Record<string, WholePortKind> = {
  'in-memory ports': { make: () => createMemoryChannel().ports, adopt: asPort },
  'in-memory ports with a latency': { make: () => createMemoryChannel({ latency: 2 }).ports, adopt: asPort },
  "Node's MessageChannel": {
    make() {
      const { port1, port2 } = new MessageChannel();
      return [
        new MessagePortPort(port1 as unknown as MessagePortLike),
        new MessagePortPort(port2 as unknown as MessagePortLike),
      ];
    },
    adopt: (raw) => new MessagePortPort(raw as MessagePortLike),
  },
};

for (const [name, kind] of Object.entries(kinds)) {
  describe(name, () => {
    for (const { name: behaviour, run } of portContract(kind)) it(`port: ${behaviour}`, run);
    for (const { name: behaviour, run } of linkContract(kind)) it(`link: ${behaviour}`, run);
    for (const { name: behaviour, run } of busContract(kind)) it(`bus: ${behaviour}`, run);
  });
}
