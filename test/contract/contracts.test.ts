import { describe, it } from 'vitest';
import { createMemoryChannel } from '../../src/core/port/memory-port.js';
import { MessagePortPort, type MessagePortLike } from '../../src/core/port/message-port.js';
import { busContract } from './bus-contract.js';
import { flowContract } from './flow-contract.js';
import { grantContract } from './grant-contract.js';
import { linkContract } from './link-contract.js';
import { openPortContract } from './open-port-contract.js';
import { portContract, type PortKind } from './port-contract.js';
import { streamContract } from './stream-contract.js';

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
