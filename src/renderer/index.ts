/**
 * Joining the mesh from a page.
 *
 * @module portmesh/renderer
 */

export { connect, type ConnectOptions } from './connect.js';
