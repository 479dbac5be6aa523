import type { Address } from '../../../src/node/net/address.js';
import { Proxy, type Wire } from './proxy.js';

/**
 * Proxies before all that is dialed in this process: a test that mocks `net/dial.js` with `through` has every connection in its hands.
 */
export class FaultyNet {
  readonly #proxies = new Map<string, Promise<Proxy>>();

  /** Where to dial instead. */
  async through(address: Address): Promise<Address> {
    if (!('path' in address)) return address;
    const { path } = address;
    let proxy = this.#proxies.get(path);
    if (!proxy) this.#proxies.set(path, (proxy = Proxy.before(path)));
    return { path: (await proxy).path };
  }

  /** The open connections to an address, the oldest first. */
  async to(path: string): Promise<Wire[]> {
    return [...((await this.#proxies.get(path))?.wires ?? [])];
  }

  /** The open connections to all but that address. */
  async besides(path: string): Promise<Wire[]> {
    const others = await Promise.all([...this.#proxies].filter(([each]) => each !== path).map(([, proxy]) => proxy));
    return others.flatMap(({ wires }) => [...wires]);
  }

  async close(): Promise<void> {
    for (const proxy of await Promise.all(this.#proxies.values())) proxy.close();
    this.#proxies.clear();
  }
}
