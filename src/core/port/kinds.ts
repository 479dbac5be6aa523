import { ElectronPort, type CloneCheck, type ElectronPortLike } from './electron-port.js';
import { NodePort, type NodePortLike } from './node-port.js';
import type { PortKind } from './relay.js';

/** The kind of port that workers of `node:worker_threads` have. @param Channel Node's `MessageChannel` */
export function nodePorts(Channel: new () => { readonly port1: object; readonly port2: object }): PortKind {
  return {
    adopt: (raw) => new NodePort(raw as NodePortLike),
    channel() {
      const { port1, port2 } = new Channel();
      return [port1, port2];
    },
  };
}

/**
 * The kind of port that Electron's processes have.
 * @param channel makes one, or asks for one where that isn't possible
 * @param check see `CloneCheck`
 */
export function electronPorts(channel: PortKind['channel'], check?: CloneCheck): PortKind {
  return { adopt: (raw) => new ElectronPort(raw as ElectronPortLike, check), channel };
}
