/**
 * Joining the mesh from a utility process, and from a worker of `worker_threads`.
 *
 * @module portmesh/node
 */

export type { Grant } from '../core/directory/grant.js';
export { connect, type ConnectOptions } from './connect.js';
export { share, type ShareOptions } from './share.js';
export type { UtilityParentPort, WorkerParentPort } from './via.js';
