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
  const socket = await dial(address, options, options.role === 'link' ? unseen(address) : undefined);
  const left = Math.max(1, Math.ceil(options.timeout - (performance.now() - start)));
  await greet(socket, { ...options, timeout: left, call: `${options.call} at ${show(address)}` });
  return new Mux(socket, { ...mux, side: 'dialer' });
}

/** The other peer has just said that it listens there. */
function unseen(address: Address): string {
  return 'path' in address
    ? "the other peer's direct link can't be reached there. All peers of a broker must see the same files: does one of the two have " +
        'a /tmp of its own (a container, PrivateTmp of systemd), or run on another machine? Share the directory (TMPDIR), or have ' +
        'the broker listen at a port of TCP, on one machine.'
    : "the other peer's direct link can't be reached there. All peers of a broker must be on one machine, and see one loopback " +
        'network: does one of the two run in a container, or on another machine?';
}
