import { MessageChannel, MessagePort } from 'node:worker_threads';
import { notCloneable } from '../../core/errors/mesh-error.js';
import type { ElectronPortLike } from '../../core/port/electron-port.js';
import { electronPorts, nodePorts } from '../../core/port/kinds.js';
import { closeAll, type Port, type PortCapabilities, type PortListener } from '../../core/port/port.js';
import { relay, type PortKind } from '../../core/port/relay.js';
import { kindOf } from '../../core/wire/kinds.js';
import { check } from '../clone-check.js';
import type { Account } from './account.js';
import { encode } from './codec.js';
import { FarTunnel, Tunnel } from './tunnel.js';

/** Buffers move, without being copied. Ports travel beside a message only. */
const carries: PortCapabilities = { buffers: true, nestedPorts: false, hostObjects: false };

const nothing: readonly unknown[] = [];

/** A port over a tunnel, that is, over a part of a socket. A port beside a message gets a tunnel of its own, and is relayed to it. */
export class SocketPort implements Port {
  readonly carries = carries;
  readonly raw: Tunnel;
  #listener: PortListener | undefined;
  #detached = false;

  /** @param tunnel it belongs to the new object from now on */
  constructor(tunnel: Tunnel) {
    this.raw = tunnel;
  }

  post(message: unknown, transfer: readonly unknown[] = nothing, tree = false): void {
    if (this.#detached || this.raw.closed) return closeAll(transfer);
    const max = this.raw.carrier?.maxMessage ?? Infinity;
    try {
      if (transfer.length === 0) this.raw.post(encode(message, { max, tree }), []);
      else this.#postWith(message, transfer as readonly object[], max);
    } catch (cause) {
      throw notCloneable(cause);
    }
  }

  start(listener: PortListener): void {
    if (this.#detached || this.#listener) return;
    this.#listener = listener;
    this.raw.start(listener);
  }

  close(): void {
    if (!this.#detached) this.raw.close();
  }

  detach(): object | undefined {
    if (this.#detached || this.raw.over) return undefined;
    this.#detached = true;
    this.raw.stop(this.#listener);
    return this.raw;
  }

  #postWith(message: unknown, transfer: readonly object[], max: number): void {
    const moved = transfer.filter((each): each is ArrayBuffer => kindOf(each) === 'buffer');
    const given = transfer.filter((each) => kindOf(each) !== 'buffer');
    this.#check(given);
    let raws: readonly object[] = given;
    const encoded = encode(message, { moved, max, commit: () => void (raws = claim(given)) });
    this.raw.post(encoded, raws.map(farEndOf));
  }

  #check(raws: readonly object[]): void {
    if (new Set(raws).size < raws.length) throw new Error('a port is listed twice. List each port once.');
    for (const raw of raws) {
      if (raw === this.raw) throw new Error('a port can not move over itself.');
      if (raw instanceof FarTunnel ? raw.spent : raw instanceof Tunnel && raw.closed) {
        throw new Error('a port that is to move is closed, or has been moved before.');
      }
      if (!(raw instanceof FarTunnel)) kindOfRaw(raw);
    }
    const { carrier } = this.raw;
    if (carrier && !carrier.hasRoomFor(raws.length)) {
      throw new Error('this connection has as many ports as it may have. Close those that are not needed.');
    }
  }
}

/** The kind of port that connections between processes have. A channel's second end is for sending only. */
export const socketKind: PortKind = {
  adopt: (raw) => new SocketPort(raw as Tunnel),
  channel() {
    const near = new Tunnel();
    return [near, new FarTunnel(near)];
  },
};

/** The same, for who relays what others say: what waits on these ports is billed to `account`. */
export function billedKind(account: Account): PortKind {
  return {
    adopt(raw) {
      (raw as Tunnel).bill(account);
      return new SocketPort(raw as Tunnel);
    },
    channel() {
      const near = new Tunnel();
      near.bill(account);
      return [near, new FarTunnel(near)];
    },
  };
}

const node = nodePorts(MessageChannel);

/** Of Electron's ports, which a utility process has, only main can make new ones: none can go beside what is relayed to one. */
const electron = electronPorts(() => Promise.reject(new Error('only main makes channels')), check);

function kindOfRaw(raw: object): PortKind {
  if (raw instanceof Tunnel) return socketKind;
  if (raw instanceof MessagePort) return node;
  const { postMessage, start, on } = raw as Partial<ElectronPortLike>;
  if ([postMessage, start, on].every((each) => typeof each === 'function')) return electron;
  throw new Error('only ArrayBuffers and ports can move to another process.');
}

/**
 * Makes a port of whatever raw port there is in a Node process: a tunnel, a `MessagePort` of Node's, or Electron's in a utility
 * process.
 *
 * @throws if it is none
 */
export function adoptRaw(raw: object): Port {
  return kindOfRaw(raw).adopt(raw);
}

/** Node's ports, moved: they are useless to who had them, as if they had been sent to another thread. */
function claim(raws: readonly object[]): readonly object[] {
  for (const raw of raws) if (raw instanceof FarTunnel) raw.spend();
  const ports = raws.filter((raw): raw is MessagePort => raw instanceof MessagePort);
  if (ports.length === 0) return raws;
  const moved = structuredClone(ports, { transfer: ports });
  return raws.map((raw) => (raw instanceof MessagePort ? (moved[ports.indexOf(raw)] as object) : raw));
}

/** What goes beside a message in the place of `raw`, which is relayed to it. */
function farEndOf(raw: object): FarTunnel {
  if (raw instanceof FarTunnel) return raw;
  const near = new Tunnel();
  const kind = kindOfRaw(raw);
  relay({ port: kind.adopt(raw), kind }, { port: new SocketPort(near), kind: socketKind });
  return new FarTunnel(near);
}
