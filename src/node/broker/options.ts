import { AUTHORIZE_MS } from '../../core/broker/authorize.js';
import { defaultLimits, leastLimits, type Limits } from '../../core/directory/limits.js';
import type { Grant } from '../../core/directory/grant.js';
import { grantProblem } from '../../core/directory/grant.js';
import type { Peer } from '../../core/directory/peer.js';
import { invalid, show } from '../../core/errors/mesh-error.js';
import { checkAddress, type Address } from '../net/address.js';
import type { Secrets } from './secrets.js';

/** Who wants to join: a Node peer that knows the secret, or a peer that a bridge tells of. */
export interface NodeCandidate {
  /** What it wants to be called. */
  readonly name: string;
  /** `'node'`, or what kind of place the bridge says it lives in. */
  readonly type: Peer['type'];
  /** `''`, or the origin that the bridge says it has. */
  readonly origin: string;
  /** What the bridge has granted it; of a Node peer, nothing is restricted. */
  readonly grant: Grant;
}

/** Decides who may join a broker, and what it may do there. */
export type AuthorizeNode = (candidate: NodeCandidate) => Grant | boolean | Promise<Grant | boolean>;

/** What `createBroker` takes: an address, and more. */
export interface BrokerOptions {
  /** The socket's path; on Windows `\\.\pipe\…`. It is made with mode 0600, in a directory that no one else may write to. */
  readonly path?: string;
  /** Or a TCP port of this machine. 0: a free one; see `broker.address`. */
  readonly port?: number;
  /** With `port`: an address of this machine's loopback. @default '127.0.0.1' */
  readonly host?: string;
  /** What those must know who join. */
  readonly secrets: Secrets;
  /** Decides who may join. @default everybody who knows the secret */
  readonly authorize?: AuthorizeNode;
  /**
   * What a handler of a Node peer throws goes to Electron's pages without stack, and without paths and URLs in its texts. The bridge's
   * option of this name is for what its own peers throw. @default false
   */
  readonly redactErrors?: boolean;
  /**
   * Milliseconds that `authorize` has to answer; then the candidate is refused, with `TIMEOUT`. A candidate gives up by itself when
   * the `timeout` of its `connect()` is over, 10 s if it sets none. `Infinity`: it waits for ever.
   * @default 8000
   */
  readonly authorizeTimeout?: number;
  /**
   * Bytes that may wait for one peer, or bridge, that doesn't read them, because its process is stopped or overloaded. Beyond, its
   * connection is ended, and the event `refused` says so. A peer rejoins by itself when it goes on.
   * @default 16_777_216 (16 MiB)
   */
  readonly maxQueued?: number;
  /**
   * How much one peer may ask for, and how large one message may be. What isn't given keeps its default. Each is a number above 0;
   * `size` is at least 65,536, `depth` at least 32. Nobody holds names here: `names` is for a bridge's pages.
   */
  readonly limits?: Partial<Limits>;
  /** Bounds on connections that have not shown a secret yet. */
  readonly guests?: {
    /** How many at a time. @default 64 */
    readonly count?: number;
    /** Milliseconds each of them has. @default 5000 */
    readonly timeout?: number;
  };
}

export interface CheckedBroker {
  readonly address: Address;
  readonly secrets: Secrets;
  readonly authorize: AuthorizeNode;
  readonly redactErrors: boolean;
  readonly authorizeTimeout: number;
  readonly maxQueued: number;
  readonly limits: Limits;
  readonly guests: { readonly count: number; readonly timeout: number };
}

const optionNames = [
  'path',
  'port',
  'host',
  'secrets',
  'authorize',
  'redactErrors',
  'authorizeTimeout',
  'maxQueued',
  'limits',
  'guests',
];

const defaultMaxQueued = 16 * 1024 * 1024;

/** @throws MeshError `INVALID_ARGUMENT`, in words of the call and the fix */
export function checkBroker(options: unknown): CheckedBroker {
  const call = 'createBroker(options)';
  if (typeof options !== 'object' || options === null) throw invalid(call, 'give an object.');
  for (const key of Object.keys(options)) {
    if (!optionNames.includes(key))
      throw invalid(`createBroker({ ${key} })`, `the options are ${optionNames.join(', ')}.`);
  }
  const {
    path,
    port,
    host,
    secrets,
    authorize = () => true,
    redactErrors = false,
    limits,
    guests,
  } = options as BrokerOptions;
  const { authorizeTimeout = AUTHORIZE_MS, maxQueued = defaultMaxQueued } = options as BrokerOptions;
  if (typeof authorize !== 'function') {
    throw invalid('createBroker({ authorize })', 'give a function that returns a grant, true or false.');
  }
  if (typeof redactErrors !== 'boolean') throw invalid('createBroker({ redactErrors })', 'give true or false.');
  return {
    address: checkAddress(
      { ...(path !== undefined && { path }), ...(port !== undefined && { port }), ...(host !== undefined && { host }) },
      'createBroker()',
    ),
    secrets: checkSecrets(secrets),
    authorize,
    redactErrors,
    authorizeTimeout: checkNumber('authorizeTimeout', authorizeTimeout, 'milliseconds'),
    maxQueued: checkNumber('maxQueued', maxQueued, 'bytes'),
    limits: checkNumbers('limits', defaultLimits, limits),
    guests: checkNumbers('guests', { count: 64, timeout: 5000 }, guests),
  };
}

function checkSecrets(given: unknown): Secrets {
  const { peer, bridge } = Object(given) as Partial<Secrets>;
  for (const [name, secret] of Object.entries({ peer, bridge })) {
    if (secret === undefined && name === 'bridge') continue;
    if (typeof secret !== 'string' || secret.length < 16) {
      const call = `createBroker({ secrets: { ${name} } })`;
      throw invalid(call, "give a text of 16 characters or more, such as randomBytes(32).toString('hex') makes.");
    }
  }
  if (peer === bridge) throw invalid('createBroker({ secrets })', 'the two secrets must differ: bridges may do more.');
  return { peer: peer as string, ...(bridge !== undefined && { bridge }) };
}

function checkNumber(name: string, value: unknown, unit: string): number {
  if (typeof value === 'number' && value >= 1) return value;
  throw invalid(`createBroker({ ${name}: ${show(value)} })`, `give ${unit}: 1 or more, or Infinity.`);
}

function checkNumbers<T extends { readonly [K in keyof T]: number }>(
  what: string,
  defaults: T,
  given: unknown = {},
): T {
  const call = `createBroker({ ${what} })`;
  if (typeof given !== 'object' || given === null) throw invalid(call, 'give an object.');
  const numbers: Record<string, number> = { ...defaults };
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaults, name)) {
      throw invalid(call, `there is no '${name}', only ${Object.keys(defaults).join(', ')}.`);
    }
    if (value === undefined) continue;
    const least = leastLimits[name as keyof Limits] ?? 1;
    if (!Number.isSafeInteger(value) || (value as number) < least) {
      throw invalid(call, `${name} is ${show(value)}. Give a whole number of ${least} or more.`);
    }
    numbers[name] = value as number;
  }
  return numbers as T;
}

/** What `authorize` returned, as a grant; `undefined`: not let in. @throws MeshError `INVALID_ARGUMENT` if it is neither */
export function grantOf(returned: unknown, all: Grant): Grant | undefined {
  if (returned === true) return all;
  if (returned === false) return undefined;
  const problem = grantProblem(returned);
  if (problem) throw invalid('authorize(candidate)', `it must return true, false or a grant: ${problem}.`);
  return returned as Grant;
}
