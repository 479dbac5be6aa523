import { assert } from 'chai';
import type { ContractMesh, MeshKind, MeshOptions } from './mesh-kind.js';

/** What a bus holds when nothing is under way. */
export const idle = { calls: 0, serving: 0, parked: 0, signals: 0, references: 0 };

/** Makes cases that run in a mesh of their own, in which nothing malformed may be seen. */
export function withMesh(kind: MeshKind, options: MeshOptions = {}) {
  return (run: (mesh: ContractMesh) => Promise<void>) => async (): Promise<void> => {
    const mesh = await kind.mesh(options);
    try {
      await run(mesh);
      assert.deepEqual(mesh.malformed, []);
    } finally {
      await mesh.close();
    }
  };
}
