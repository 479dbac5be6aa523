import { invalid, show } from '../../core/errors/mesh-error.js';
import { checkAddress, type Address } from '../../node/net/address.js';

/** Where a broker of Node's peers is, and what shows that a bridge may join it. */
export interface BrokerAddress {
  /** The path of its socket. */
  readonly path?: string;
  /** Or its TCP port. */
  readonly port?: number;
  /** With `port`. @default '127.0.0.1' */
  readonly host?: string;
  /** The broker's `secrets.bridge`. */
  readonly token: string;
}

/** What `bridge.joinBroker` takes besides. */
export interface JoinBrokerOptions {
  /**
   * Where what Electron's peers and Node's say to each other passes through: `'utility'`, a process of its own, or `'main'`, which saves
   * that process, and waits whenever main is busy. One for all brokers: that of the first call. @default 'utility'
   */
  readonly gateway?: 'utility' | 'main';
  /** Milliseconds to wait for the first answer of each. `Infinity`: for ever. @default 10000 */
  readonly timeout?: number;
}

export interface CheckedJoin {
  readonly brokers: readonly { readonly address: Address; readonly token: string }[];
  readonly gateway: 'utility' | 'main';
  readonly timeout: number;
}

/** @throws MeshError `INVALID_ARGUMENT` */
export function checkJoin(given: unknown, options: unknown): CheckedJoin {
  const call = 'bridge.joinBroker';
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (list.length === 0) throw invalid(`${call}([])`, 'give the address of a broker, or several.');
  const brokers = list.map((each) => {
    const { token, ...address } = Object(each) as Partial<BrokerAddress>;
    if (typeof token !== 'string' || token === '') {
      throw invalid(`${call}({ token })`, "give the broker's secret for bridges: secrets.bridge of createBroker().");
    }
    return { address: checkAddress(address, `${call}()`), token };
  });
  if (typeof options !== 'object' || options === null) throw invalid(`${call}(address, options)`, 'give an object.');
  const { gateway = 'utility', timeout = 10_000, ...others } = options as JoinBrokerOptions;
  for (const key of Object.keys(others))
    throw invalid(`${call}(address, { ${key} })`, 'the options are gateway and timeout.');
  if (gateway !== 'utility' && gateway !== 'main') {
    throw invalid(`${call}(address, { gateway: ${show(gateway)} })`, "give 'utility' or 'main'.");
  }
  if (typeof timeout !== 'number' || !(timeout > 0)) {
    throw invalid(`${call}(address, { timeout: ${show(timeout)} })`, 'give milliseconds above 0, or Infinity.');
  }
  return { brokers, gateway, timeout };
}
