/**
 * The bridge, in Electron's main process: lets peers in, and introduces them to each other.
 *
 * @module portmesh/main
 */

export type { AttachOptions } from './attachments.js';
export type { Bridge } from './bridge.js';
export type { BrokerStatus, GatewayStatus } from './brokers/status.js';
export type { BrokerAddress, JoinBrokerOptions } from './brokers/options.js';
export type { Authorize, Candidate } from './candidate.js';
export type { Grant } from '../core/directory/grant.js';
export type { Limits, MessageLimits } from '../core/directory/limits.js';
export { createBridge } from './create-bridge.js';
export type { BridgeOptions } from './options.js';
export type { OwnSeatOptions } from './own-seat.js';
export type { RegistrySnapshot } from './registry.js';
export type { BridgeEvents, BridgeState } from './state.js';
