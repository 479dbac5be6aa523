/**
 * Typed services: one interface, provided by one peer, called by others as if it were theirs, with events, callbacks and streams.
 *
 * @module portmesh/service
 */

export { release, retain } from './borrowed.js';
export type { ServiceCallOptions } from './call-options.js';
export {
  consume,
  type ConsumeOptions,
  type Remote,
  type ServiceHandle,
  type ServiceLifecycle,
  type ServiceProvider,
  type ServiceStatus,
} from './consume.js';
export { currentCall, type CurrentCall } from './current-call.js';
export { defineService, type Service, type ServiceOptions } from './define.js';
export { provide, type Provided, type ProvideOptions } from './provide.js';
export type {
  MethodSchema,
  SchemaIssue,
  SchemaResult,
  ServiceSchema,
  StandardSchema,
  StandardSchemaProps,
} from './schema.js';
export type { Implementation, RemoteMethod, RemoteMethods, ServiceBus } from './types.js';
