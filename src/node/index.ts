/**
 * Joining the mesh from Node: from utility processes, from workers of `worker_threads`, and, through a broker, from any process.
 *
 * @module portmesh/node
 */

export type { Grant } from '../core/directory/grant.js';
export { Broker, type BrokerEvents, type BrokerState } from './broker/broker.js';
export { createBroker } from './broker/create-broker.js';
export type { AuthorizeNode, BrokerOptions, NodeCandidate } from './broker/options.js';
export type { Secrets } from './broker/secrets.js';
export type { BrokerAddress } from './client/join-broker.js';
export { connect, type ConnectBroker, type ConnectOptions, type ConnectVia } from './connect.js';
export type { Address } from './net/address.js';
export { share, type ShareOptions } from './share.js';
export type { UtilityParentPort, WorkerParentPort } from './via.js';
