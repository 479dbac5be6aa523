export type { Bridge, BridgeEvents, BridgeOptions, BridgeState } from './bridge.js';
export type { Authorize, Candidate, Grant } from './candidate.js';
export { createBridge } from './create-bridge.js';
export type { RegistrySnapshot } from './registry.js';
