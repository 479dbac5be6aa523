/**
 * What every peer uses, whatever it runs in: the bus, the types of channels, the errors, `transfer()`, and ports in memory. Join with
 * `connect()` of the layer for the place: `portmesh/renderer` in pages, their frames and workers, the bridge of `portmesh/main` in
 * Electron's main process, `portmesh/node` in utility processes and worker threads.
 *
 * @module portmesh
 */

export type { Bus } from './bus/bus.js';
export type { Caller, CallerOptions } from './bus/caller.js';
export type {
  AnyChannels,
  Arguments,
  ChannelMap,
  EventChannel,
  Handler,
  Item,
  Listener,
  PortChannel,
  PortHandler,
  RequestChannel,
  Result,
  StreamChannel,
} from './bus/channels.js';
export { MeshStream } from './bus/mesh-stream.js';
export type { Source } from './bus/producer.js';
export type { FlowOptions } from './link/flow.js';
export type { Limits, MessageLimits } from './directory/limits.js';
export type { MeshEvent, RequestEvent } from './bus/events.js';
export type { MeshState } from './broker/mesh-state.js';
export type { CloseInfo } from './bus/close-info.js';
export type { BusLoad } from './bus/mesh.js';
export type { Peers, PeerNewsMap } from './bus/peers.js';
export type { Dropped, ErrorContext } from './bus/reports.js';
export type { Grant } from './directory/grant.js';
export type { Peer, PeerFrame, PeerProcess, PeerType } from './directory/peer.js';
export { MeshError, type LeaveReason, type MeshErrorCode, type MeshErrorOptions } from './errors/mesh-error.js';
export { registerError } from './errors/wire-error.js';
export type { Registration } from './registration.js';
export { transfer, Transfer, type Sendable } from './wire/transfer.js';
export { createMemoryChannel, type MemoryChannel, type MemoryChannelOptions } from './port/memory-port.js';
export {
  MeshPort,
  MeshPortClose,
  MeshPortMessage,
  type MeshPortEvents,
  type MeshPortListener,
  type MeshPortListenOptions,
} from './port/mesh-port.js';
export type { Port, PortCapabilities, PortListener } from './port/port.js';
