export { connect, type ConnectOptions } from './connect.js';
export type { UtilityParentPort, WorkerParentPort } from './via.js';
