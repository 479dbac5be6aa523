import { assert } from 'chai';
import type { Limits } from '../../src/core/directory/limits.js';
import { TestMesh } from './mesh.js';
import type { PortKind } from './port-contract.js';

/** What a bus holds when nothing is under way. */
export const idle = { calls: 0, serving: 0, parked: 0, signals: 0, references: 0 };

/** Makes cases that run in a mesh of their own, in which nothing malformed may be seen. */
export function withMesh(kind: PortKind, limits?: Partial<Limits>) {
  return (run: (mesh: TestMesh) => Promise<void>) => async (): Promise<void> => {
    const mesh = new TestMesh(kind, limits);
    try {
      await run(mesh);
      assert.deepEqual(mesh.malformed, []);
    } finally {
      mesh.close();
    }
  };
}
