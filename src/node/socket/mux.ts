import type { Socket } from 'node:net';
import { startTimer, type Timer } from '../../core/timer.js';
import type { Encoded } from './codec.js';
import { FrameReader, type FrameOwner } from './frame-reader.js';
import { FrameWriter } from './frame-writer.js';
import { CLOSE, CREDIT, MAX_BODY, PING, PONG, PORTS, uint32At, UNREADABLE } from './frames.js';
import { Probe, type Probed, type ProbeOptions } from './probe.js';
import { SocketPort } from './socket-port.js';
import { Tunnel, type FarTunnel, type TunnelCarrier } from './tunnel.js';

/** What a `Mux` takes. */
export interface MuxOptions {
  /** Which side of the connection this is: it decides who gives out which ids. */
  readonly side: 'dialer' | 'listener';
  /**
   * Bytes of a message, with its buffers. A larger one can't be sent, and who sends one has lost the connection. What arrives may
   * take some forty times its bytes, as objects.
   * @default 268_435_456 (256 MiB)
   */
  readonly maxMessage?: number | undefined;
  /** Ports that each side may have sent through this connection and not closed. @default 16_384 */
  readonly maxTunnels?: number | undefined;
  /**
   * Bytes that may wait here because the far end doesn't read. With more, the connection is lost. What waits of the first message
   * doesn't count: it may be of any size.
   * @default any number
   */
  readonly maxQueued?: number | undefined;
  /** Whether the process runs on for it, until port 0 is closed. @default false */
  readonly keepsAlive?: boolean | undefined;
  /** Asks a silent far end for signs of life. @default it is never asked */
  readonly probe?: ProbeOptions | undefined;
  /**
   * The connection is over, and not by this side's `close()`: every port on it is closed. Called once at most. It must not throw.
   * @param reason `closed`: in order; `lost`: else
   * @param malformed what arrived that makes no sense, if the connection was ended for that
   */
  onEnd?(reason: 'closed' | 'lost', malformed?: string): void;
  /** So many bytes wait, and that is too much: the connection ends now. It must not throw. */
  onUnread?(bytes: number): void;
}

/** How much goes through a connection. */
export interface MuxState {
  /** What has arrived: messages, and bytes on the socket. */
  readonly in: { readonly messages: number; readonly bytes: number };
  /** What was sent. */
  readonly out: { readonly messages: number; readonly bytes: number };
  /** Bytes that wait here: for the system to take them, or for the room at the far end. */
  readonly queued: number;
  /** Ports on it besides port 0. */
  readonly tunnels: number;
}

export const defaultMaxMessage = 256 * 1024 * 1024;
const defaultMaxTunnels = 16_384;

/** Bytes waiting here, from which on a sign of life is none: who doesn't read can't see it. */
const MAX_QUEUED_FOR_PONG = 1024 * 1024;

/**
 * How long an end in order waits for the far side to read what is under way to it, and to end it too. So long the process runs on: one
 * that is gone makes the next write of the far side fail, which then loses what it has not read.
 */
const LINGER_MS = 3000;

/**
 * A connection between two processes, of which both have proved who they are: any number of ports on one socket.
 *
 * 1. `port` is what the connection is for. Nothing is read before it is started.
 * 2. Ports that travel beside messages are further tunnels, in any depth. They live on when `port` is closed; when the last of
 *    them is closed at both ends, so is the socket.
 * 3. When the socket ends, whatever for, all ports hear of it, behind what arrived before.
 *
 * @example
 * const mux = new Mux(socket, { side: 'dialer', onEnd: (reason) => rejoin(reason) });
 * mux.port.start(listener);
 */
export class Mux implements TunnelCarrier, FrameOwner {
  /** The port at this end of what the connection is for. */
  readonly port: SocketPort;
  readonly maxMessage: number;
  readonly #maxTunnels: number;
  readonly #maxQueued: number;
  readonly #socket: Socket;
  readonly #options: MuxOptions;
  readonly #reader: FrameReader;
  readonly #writer: FrameWriter;
  readonly #tunnels = new Map<number, Tunnel>();
  #probe: Probe | undefined;
  /** Ids of this side's tunnels are even or odd. */
  readonly #parity: number;
  #lastId: number;
  /** How many of the tunnels were opened from here. */
  #opened = 0;
  #messagesIn = 0;
  #messagesOut = 0;
  /** Bytes of the frames up to the first message. */
  #first = 0;
  /** What came for the message that comes next, and the tunnel on which it comes. */
  #buffers: ArrayBuffer[] = [];
  #ports: Tunnel[] = [];
  #next = -1;
  #ended = false;
  #linger: Timer | undefined;

  /** @param socket it belongs to the new object from now on; bytes may wait in it */
  constructor(socket: Socket, options: MuxOptions) {
    this.#socket = socket;
    this.#options = options;
    this.maxMessage = Math.min(options.maxMessage ?? defaultMaxMessage, MAX_BODY);
    this.#maxTunnels = options.maxTunnels ?? defaultMaxTunnels;
    this.#maxQueued = options.maxQueued ?? Infinity;
    this.#parity = options.side === 'dialer' ? 0 : 1;
    this.#lastId = this.#parity;
    this.#reader = new FrameReader(this, this.maxMessage);
    this.#writer = new FrameWriter(socket);
    const tunnel = new Tunnel();
    this.#tunnels.set(0, tunnel);
    tunnel.bind(this, 0);
    this.port = new SocketPort(tunnel);
    socket.on('error', ignore); // `close` follows
    socket.on('close', this.#onSocketEnd);
    if (options.keepsAlive) socket.ref();
    else socket.unref();
    if (socket.destroyed || socket.readableEnded) process.nextTick(this.#onSocketEnd);
  }

  /** A look at it, as plain data. */
  state(): MuxState {
    let { queued } = this.#writer;
    for (const tunnel of this.#tunnels.values()) queued += tunnel.queued;
    return {
      in: { messages: this.#messagesIn, bytes: this.#socket.bytesRead },
      out: { messages: this.#messagesOut, bytes: this.#socket.bytesWritten },
      queued,
      tunnels: this.#tunnels.size - (this.#tunnels.has(0) ? 1 : 0),
    };
  }

  /**
   * Ends the connection, and every port on it. What was posted before arrives, except on a port beside a message that nobody has
   * started there. Idempotent.
   */
  close(): void {
    if (this.#ended) return;
    for (const tunnel of this.#tunnels.values()) tunnel.hurry();
    this.port.raw.close();
    this.#end('closed', undefined, true);
  }

  // ---- what its tunnels send

  hasRoomFor(tunnels: number): boolean {
    return this.#opened + tunnels <= this.#maxTunnels;
  }

  message(id: number, encoded: Encoded, ends: readonly FarTunnel[]): void {
    if (this.#ended) return ends.forEach((end) => end.close());
    this.#messagesOut++;
    const ids = ends.map(({ near }) => this.#open(near));
    if (ids.length > 0) this.#writer.frame(PORTS, id, ids);
    this.#writer.message(id, encoded);
    // Behind the message that opens them goes what waits at their near ends.
    for (const [i, { near }] of ends.entries()) near.bind(this, ids[i] as number);
    if (this.#messagesOut === 1) this.#first = this.#writer.total;
    else this.#lookAtUnread();
  }

  closed(id: number): void {
    this.#writer.frame(CLOSE, id);
    this.#lookAtUnread(); // one who sends port after port, and never reads, shall not fill the memory here, either
    if (id === 0) this.#wait(() => this.#socket.unref());
  }

  credit(id: number, bytes: number): void {
    this.#writer.frame(CREDIT, id, [bytes]);
  }

  /** Nothing is read before somebody listens to port 0: others open only by what comes there. */
  started(id: number): void {
    if (id !== 0) return;
    this.#socket.on('data', this.#onData);
    this.#socket.on('end', this.#onSocketEnd);
    this.#socket.resume();
    const { probe } = this.#options;
    if (probe) this.#probe = new Probe(this.#probed, probe);
  }

  /** Bytes that wait to be read there. */
  get #unread(): number {
    return Math.min(this.#writer.queued, this.#writer.total - this.#first);
  }

  #lookAtUnread(): void {
    if (this.#unread > this.#maxQueued) process.nextTick(this.#onUnread); // not while somebody posts
  }

  readonly #onUnread = (): void => {
    // What was posted since may have left.
    const unread = this.#unread;
    if (this.#ended || unread <= this.#maxQueued) return;
    this.#options.onUnread?.(unread);
    this.#end('lost');
  };

  /** Gives out an id. They are used again only after two thousand million others. */
  #open(near: Tunnel): number {
    do this.#lastId = this.#lastId + 2 <= MAX_BODY ? this.#lastId + 2 : this.#parity + 2;
    while (this.#tunnels.has(this.#lastId));
    this.#opened++;
    this.#tunnels.set(this.#lastId, near);
    return this.#lastId;
  }

  // ---- what arrives

  frame(kind: number, id: number, source: Buffer, start: number, end: number): boolean {
    const problem = this.#read(kind, id, source, start, end);
    if (problem !== undefined) this.malformed(problem);
    return !this.#ended;
  }

  buffer(id: number, buffer: ArrayBuffer): boolean {
    if (this.#next === -1) this.#next = id;
    if (this.#next !== id) this.malformed('a part of a message within another');
    this.#buffers.push(buffer);
    return !this.#ended;
  }

  malformed(problem: string): void {
    this.#end('lost', problem);
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
        // One who asks without end, and never reads, shall not fill the memory here.
        if (this.#writer.queued < MAX_QUEUED_FOR_PONG) this.#writer.frame(PONG, 0);
        return undefined;
      case PONG:
        return undefined;
      case CLOSE:
        if (!tunnel) return `a close of tunnel ${id}, which there is none`;
        this.#forget(id, tunnel);
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
    this.#messagesIn++;
    return tunnel.arrived({ kind, source, start, end, buffers, ports })
      ? undefined
      : `more than tunnel ${id} has room for`;
  }

  #readPorts(id: number, source: Buffer, start: number, end: number): string | undefined {
    const count = (end - start) / 4;
    if (!Number.isInteger(count) || this.#ports.length > 0 || !this.#tunnels.has(id)) return 'ports that make no sense';
    // Those opened from here are counted; of the others there are as many as are left.
    if (this.#tunnels.size - this.#opened + count > this.#maxTunnels + 1) return `more than ${this.#maxTunnels} ports`;
    this.#next = id;
    for (let at = start; at < end; at += 4) {
      const each = uint32At(source, at);
      if (each === 0 || each % 2 === this.#parity || this.#tunnels.has(each)) return `a port with the id ${each}`;
      const tunnel = new Tunnel();
      this.#tunnels.set(each, tunnel);
      tunnel.bind(this, each);
      this.#ports.push(tunnel);
    }
    return undefined;
  }

  /** The far end of a tunnel is closed, and so is this one now. */
  #forget(id: number, tunnel: Tunnel): void {
    tunnel.closedThere();
    this.#tunnels.delete(id);
    if (id !== 0 && id % 2 === this.#parity) this.#opened--;
    if (this.#tunnels.size === 0) this.#end('closed');
    else if (id === 0) this.#unwait();
  }

  readonly #onData = (chunk: Buffer): void => this.#reader.read(chunk);

  // ---- the end

  readonly #onSocketEnd = (): void => {
    this.#unwait();
    // Whoever ends it in order closes port 0 before.
    this.#end(this.#tunnels.has(0) ? 'lost' : 'closed');
  };

  /** @param own whether this side has closed it: then its owner knows */
  #end(reason: 'closed' | 'lost', malformed?: string, own = false): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#probe?.stop();
    this.#reader.end();
    if (reason === 'closed') this.#finish();
    else this.#socket.destroy();
    this.#writer.end();
    const tunnels = [...this.#tunnels.values()];
    this.#tunnels.clear();
    for (const tunnel of tunnels) tunnel.lost(reason);
    if (!own) this.#options.onEnd?.(reason, malformed);
  }

  /** Lets out what was sent, and waits for the end of the far side: to end at once would cut off what it has not read. */
  #finish(): void {
    this.#writer.flush();
    this.#socket.end();
    this.#socket.resume();
    this.#wait(() => this.#socket.destroy());
  }

  /** For the far side, for a while, in which this process runs on. */
  #wait(over: () => void): void {
    this.#linger?.stop();
    if (this.#socket.destroyed) return;
    this.#socket.ref();
    this.#linger = startTimer(LINGER_MS, over);
  }

  /** There is nothing to wait for any more. */
  #unwait(): void {
    this.#linger?.stop();
    this.#socket.unref();
  }

  get #probed(): Probed {
    const [socket, writer] = [this.#socket, this.#writer];
    return {
      get received() {
        return socket.bytesRead;
      },
      ask: () => writer.frame(PING, 0),
      lost: () => this.#end('lost'),
    };
  }
}

const nothing: readonly never[] = [];

function ignore(): void {}
