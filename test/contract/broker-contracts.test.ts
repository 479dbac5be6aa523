import { describe, it } from 'vitest';
import { overBroker } from './broker-mesh.js';
import { meshCases } from './contracts.js';

/** What every bus promises, of Node's peers that have joined a broker and are linked directly. */
const kinds = {
  'a broker on a unix socket': overBroker({}, true),
  'a broker on TCP': overBroker({ port: 0 }),
};

for (const [name, kind] of Object.entries(kinds)) {
  describe(name, () => {
    for (const [behaviour, { run }] of meshCases(kind)) it(behaviour, run, 30_000);
  });
}
