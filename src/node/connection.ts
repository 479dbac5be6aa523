import { show, type Address } from './net/address.js';
import { dial } from './net/dial.js';
import { greet } from './net/handshake.js';
import { Mux, type MuxOptions } from './socket/mux.js';

export interface ConnectionOptions {
  readonly role: 'peer' | 'bridge' | 'link';
  /** Of the ticket, with `link`. */
  readonly id: string;
  readonly key: string;
  readonly hello: unknown;
  /** Milliseconds */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
  /** For errors. */
  readonly call: string;
}

/** Connects to who listens at an address, and shows that it may. */
export async function openConnection(
  address: Address,
  options: ConnectionOptions,
  mux: Partial<MuxOptions> = {},
): Promise<Mux> {
  const start = performance.now();
  const socket = await dial(address, options);
  const left = Math.max(1, Math.ceil(options.timeout - (performance.now() - start)));
  await greet(socket, { ...options, timeout: left, call: `${options.call} at ${show(address)}` });
  return new Mux(socket, { ...mux, side: 'dialer' });
}
