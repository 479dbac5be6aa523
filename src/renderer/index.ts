/**
 * Joining the mesh from a page, and from its frames and workers.
 *
 * @module portmesh/renderer
 */

export type { Grant } from '../core/directory/grant.js';
export { connect, type ConnectOptions } from './connect.js';
export { share, type FrameLike, type WorkerLike, type ShareFrameOptions, type ShareOptions } from './share.js';
