import { electronPortCarries } from '../../core/port/electron-port.js';
import { createMemoryChannel } from '../../core/port/memory-port.js';
import type { Port } from '../../core/port/port.js';
import type { PortKind } from '../../core/port/relay.js';
import { Gateway } from '../../node/gateway/gateway.js';

/** Starts a gateway: returns the port to it. Its close is the gateway's end. */
export type StartGateway = () => Port;

/** A utility process, as far as it is needed. */
export interface GatewayProcess {
  postMessage(message: unknown, transfer: never[]): void;
}

/** In a process of its own. @param fork starts it */
export function gatewayInUtility(ports: PortKind, fork: () => GatewayProcess): StartGateway {
  return () => {
    const [near, far] = ports.channel() as readonly [object, object];
    fork().postMessage('gateway', [far as never]);
    return ports.adopt(near);
  };
}

/** In this process. */
export function gatewayInMain(ports: PortKind): StartGateway {
  return () => {
    const [near, far] = createMemoryChannel({ carries: electronPortCarries }).ports;
    void new Gateway(far, ports, () => {});
    return near;
  };
}
