import fc from 'fast-check';

/** How long properties are looked for a case that breaks them: `PORTMESH_FUZZ=20` does it 20 times as long. */
export const scale = Number(process.env['PORTMESH_FUZZ'] ?? 1);

/** Checks a property, and prints its seed: `PORTMESH_SEED=…` has the same cases again. */
export async function assertProperty<T>(
  name: string,
  property: fc.IAsyncPropertyWithHooks<T>,
  options: fc.Parameters<T>,
): Promise<void> {
  const seed = Number(process.env['PORTMESH_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`${name}: PORTMESH_SEED=${seed}`);
  await fc.assert(property, { seed, endOnFailure: true, ...options });
}
