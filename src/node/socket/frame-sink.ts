import type { FrameOwner } from './frame-reader.js';
import { CLOSE, CREDIT, PING, PONG, PORTS, uint32At, UNREADABLE } from './frames.js';
import type { TunnelTable } from './tunnel-table.js';
import type { Tunnel, TunnelCarrier } from './tunnel.js';

/** What a `FrameSink` tells. */
export interface SinkOwner extends TunnelCarrier {
  readonly ended: boolean;
  /** The far end of a tunnel is closed. */
  closedThere(id: number, tunnel: Tunnel): void;
  /** The far side asks for a sign of life. */
  asked(): void;
  /** What arrived makes no sense: nothing may be read any more. */
  malformed(problem: string): void;
}

/** Where the frames of a connection go: each to its tunnel, or to the owner. It believes nothing of what arrives. */
export class FrameSink implements FrameOwner {
  readonly #owner: SinkOwner;
  readonly #tunnels: TunnelTable;
  /** What came for the message that comes next, and the tunnel on which it comes. */
  #buffers: ArrayBuffer[] = [];
  #ports: Tunnel[] = [];
  #next = -1;
  /** How many have arrived. */
  messages = 0;

  constructor(owner: SinkOwner, tunnels: TunnelTable) {
    this.#owner = owner;
    this.#tunnels = tunnels;
  }

  frame(kind: number, id: number, source: Buffer, start: number, end: number): boolean {
    const problem = this.#read(kind, id, source, start, end);
    if (problem !== undefined) this.malformed(problem);
    return !this.#owner.ended;
  }

  buffer(id: number, buffer: ArrayBuffer): boolean {
    if (this.#next === -1) this.#next = id;
    if (this.#next !== id) this.malformed('a part of a message within another');
    this.#buffers.push(buffer);
    return !this.#owner.ended;
  }

  malformed(problem: string): void {
    this.#owner.malformed(problem);
  }

  /** Returns what is wrong with a frame. */
  #read(kind: number, id: number, source: Buffer, start: number, end: number): string | undefined {
    if (this.#next !== -1 && (id !== this.#next || kind > PORTS)) return 'a frame within a message';
    if (kind <= UNREADABLE) return this.#readMessage(kind, id, source, start, end);
    const number = end - start === 4 ? uint32At(source, start) : undefined;
    const tunnel = this.#tunnels.get(id);
    switch (kind) {
      case PORTS:
        return this.#readPorts(id, source, start, end);
      case PING:
        this.#owner.asked();
        return undefined;
      case PONG:
        return undefined;
      case CLOSE:
        if (!tunnel) return `a close of tunnel ${id}, which there is none`;
        this.#owner.closedThere(id, tunnel);
        return undefined;
      case CREDIT:
        if (!tunnel || id === 0 || number === undefined) return `credit for tunnel ${id} that makes no sense`;
        tunnel.credited(number);
        return undefined;
      default:
        return `a frame of kind ${kind}`;
    }
  }

  #readMessage(kind: number, id: number, source: Buffer, start: number, end: number): string | undefined {
    // Most have nothing beside them. Those that wait keep what they are given here, so it is never added to later.
    let [buffers, ports]: [readonly ArrayBuffer[], readonly Tunnel[]] = [nothing, nothing];
    if (this.#next !== -1) {
      [buffers, ports] = [this.#buffers, this.#ports];
      this.#buffers = [];
      this.#ports = [];
      this.#next = -1;
    }
    const tunnel = this.#tunnels.get(id);
    if (!tunnel) return `a message on tunnel ${id}, which there is none`;
    this.messages++;
    return tunnel.arrived({ kind, source, start, end, buffers, ports })
      ? undefined
      : `more than tunnel ${id} has room for`;
  }

  #readPorts(id: number, source: Buffer, start: number, end: number): string | undefined {
    const count = (end - start) / 4;
    if (!Number.isInteger(count) || this.#ports.length > 0 || !this.#tunnels.has(id)) return 'ports that make no sense';
    const problem = this.#tunnels.refuse(count);
    if (problem !== undefined) return problem;
    this.#next = id;
    for (let at = start; at < end; at += 4) {
      const each = uint32At(source, at);
      const tunnel = this.#tunnels.accept(each, this.#owner);
      if (!tunnel) return `a port with the id ${each}`;
      this.#ports.push(tunnel);
    }
    return undefined;
  }
}

const nothing: readonly never[] = [];
