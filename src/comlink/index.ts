/**
 * Comlink between any two peers of the mesh: `expose` an object, `wrap` it elsewhere. Comlink itself stays what it is: `proxy`,
 * `transfer`, `transferHandlers`, `releaseProxy` and the rest are imported from `comlink`, a peer dependency.
 *
 * @module portmesh/comlink
 */

export { expose } from './expose.js';
export { wrap } from './wrap.js';
export { loadOf, type ComlinkLoad } from './load.js';
export type { AnyBus, AnyCaller } from './from.js';
