export type { Grant } from '../core/directory/grant.js';
export { connect, type ConnectOptions } from './connect.js';
export { share, type ShareOptions } from './share.js';
export type { UtilityParentPort, WorkerParentPort } from './via.js';
