import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bus } from '../../../src/core/bus/bus.js';
import type { Broker, BrokerState } from '../../../src/node/broker/broker.js';
import { createBroker } from '../../../src/node/broker/create-broker.js';
import type { BrokerOptions } from '../../../src/node/broker/options.js';
import { connect } from '../../../src/node/connect.js';

export const secrets = { peer: 'the secret of peers', bridge: 'the secret of bridges' };

/** A broker on a socket of its own, and peers that join it, all in this process. `close()` ends them all. */
export class NodeMesh {
  readonly #folder = mkdtempSync(join(tmpdir(), 'portmesh-test-'));
  readonly path = join(this.#folder, randomBytes(3).toString('hex'));
  readonly #buses: Bus[] = [];
  readonly #brokers: Broker[] = [];
  /** Where the last broker listens. */
  address: { readonly path?: string; readonly port?: number } = { path: this.path };

  async broker(options: Partial<BrokerOptions> = {}): Promise<Broker> {
    // With the OS sandbox on, Electron is another user, who may not connect to a socket file of this one: as it should be.
    const other = process.env['PORTMESH_OS_SANDBOX'] ? { port: this.address.port ?? 0 } : { path: this.path };
    const where = options.port === undefined ? other : {};
    const broker = await createBroker({ ...where, secrets, ...options });
    this.#brokers.push(broker);
    this.address = broker.address;
    return broker;
  }

  async join(name: string, options: object = {}): Promise<Bus> {
    const bus = await connect({ broker: { ...this.address, token: secrets.peer }, name, ...options });
    this.#buses.push(bus);
    return bus;
  }

  /** What the last broker counts. */
  state(): BrokerState {
    return (this.#brokers.at(-1) as Broker).state();
  }

  async close(): Promise<void> {
    for (const bus of this.#buses) await bus.close();
    for (const broker of this.#brokers) await broker.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Resolves when a bus hears that of its peers. */
export function news(
  bus: Bus,
  kind: 'stale' | 'fresh' | 'leave' | 'join' | 'change',
  name?: string,
): Promise<unknown[]> {
  return new Promise((resolve) => {
    const listener = (...args: [peer: { name: string }, reason?: string]): void => {
      if (name !== undefined && args[0].name !== name) return;
      bus.peers.off(kind, listener as never);
      resolve(args);
    };
    bus.peers.on(kind, listener as never);
  });
}
