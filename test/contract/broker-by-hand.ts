import { randomUUID } from 'node:crypto';
import * as control from '../../src/core/broker/control.js';
import type { Port } from '../../src/core/port/port.js';
import { LinkListener } from '../../src/node/client/link-listener.js';
import { openConnection } from '../../src/node/connection.js';
import { checkAddress, type Address } from '../../src/node/net/address.js';
import { secrets } from '../unit/support/node-mesh.js';
import { ByHand, type Linking } from './by-hand.js';
import { deferred } from './case.js';

const patience = { timeout: 5000, call: 'by hand' };

/** Joins a broker as a peer of another process, which speaks the wire by hand. */
export async function joinBrokerByHand(broker: object, name: string): Promise<ByHand> {
  const address = checkAddress(broker, 'by hand');
  const hello = { name, process: { id: randomUUID(), pid: 1 } };
  const options = { role: 'peer', id: 'peer', key: secrets.peer, hello, ...patience } as const;
  const { port } = await openConnection(address, options);
  const peer = new ByHand(port, new Dialing(port, address));
  await peer.id;
  return peer;
}

/** The links of a Node peer that speaks by hand. */
class Dialing implements Linking {
  readonly #control: Port;
  readonly #listener: LinkListener;
  readonly #tickets = new Map<number, (ticket: control.Message) => void>();
  #lastToken = 0;

  constructor(port: Port, broker: Address) {
    this.#control = port;
    this.#listener = new LinkListener(broker);
  }

  async open(to: string): Promise<Port> {
    const token = ++this.#lastToken;
    const ticket = deferred<control.Message>();
    this.#tickets.set(token, ticket.resolve);
    this.#control.post([[control.DIAL, token, to, 0]]);
    const [, , id, key, address] = (await ticket.promise) as [number, number, string, string, Address];
    return (await openConnection(address, { role: 'link', id, key, hello: {}, ...patience })).port;
  }

  heard(message: control.Message): Promise<Port> | undefined {
    const [kind, id, key] = message as [number, string, string];
    if (kind === control.TICKET) this.#tickets.get(message[1] as number)?.(message);
    if (kind !== control.LISTEN) return undefined;
    const linked = deferred<Port>();
    const listening = this.#listener.expect(id, key, ({ port }) => linked.resolve(port));
    listening.then((address) => this.#control.post([[control.LISTENING, id, address]]), linked.reject);
    return linked.promise;
  }

  close(): void {
    this.#listener.close();
  }
}
