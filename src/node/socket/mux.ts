import type { Socket } from 'node:net';
import type { Encoded } from './codec.js';
import { FrameReader } from './frame-reader.js';
import { FrameSink, type SinkOwner } from './frame-sink.js';
import { FrameWriter } from './frame-writer.js';
import { CLOSE, CREDIT, MAX_BODY, PING, PONG, PORTS } from './frames.js';
import { Linger } from './linger.js';
import { Probe, type Probed, type ProbeOptions } from './probe.js';
import { SocketPort } from './socket-port.js';
import { TunnelTable } from './tunnel-table.js';
import type { FarTunnel, Tunnel } from './tunnel.js';

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
export class Mux implements SinkOwner {
  /** The port at this end of what the connection is for. */
  readonly port: SocketPort;
  readonly maxMessage: number;
  readonly #maxQueued: number;
  readonly #socket: Socket;
  readonly #options: MuxOptions;
  readonly #tunnels: TunnelTable;
  readonly #sink: FrameSink;
  readonly #reader: FrameReader;
  readonly #writer: FrameWriter;
  readonly #linger: Linger;
  #probe: Probe | undefined;
  #messagesOut = 0;
  /** Bytes of the frames up to the first message. */
  #first = 0;
  #ended = false;

  /** @param socket it belongs to the new object from now on; bytes may wait in it */
  constructor(socket: Socket, options: MuxOptions) {
    this.#socket = socket;
    this.#options = options;
    this.maxMessage = Math.min(options.maxMessage ?? defaultMaxMessage, MAX_BODY);
    this.#maxQueued = options.maxQueued ?? Infinity;
    this.#tunnels = new TunnelTable(options.side, options.maxTunnels ?? defaultMaxTunnels);
    this.#sink = new FrameSink(this, this.#tunnels);
    this.#reader = new FrameReader(this.#sink, this.maxMessage);
    this.#writer = new FrameWriter(socket);
    this.#linger = new Linger(socket);
    this.port = new SocketPort(this.#tunnels.first(this));
    socket.on('error', ignore); // `close` follows
    socket.on('close', this.#onSocketEnd);
    if (options.keepsAlive) socket.ref();
    else socket.unref();
    if (socket.destroyed || socket.readableEnded) process.nextTick(this.#onSocketEnd);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** A look at it, as plain data. */
  state(): MuxState {
    return {
      in: { messages: this.#sink.messages, bytes: this.#socket.bytesRead },
      out: { messages: this.#messagesOut, bytes: this.#socket.bytesWritten },
      queued: this.#writer.queued + this.#tunnels.queued,
      tunnels: this.#tunnels.extra,
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
    return this.#tunnels.hasRoomFor(tunnels);
  }

  message(id: number, encoded: Encoded, ends: readonly FarTunnel[]): void {
    if (this.#ended) return ends.forEach((end) => end.close());
    this.#messagesOut++;
    const ids = ends.map(({ near }) => this.#tunnels.open(near));
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
    if (id === 0) this.#linger.start(() => this.#socket.unref());
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

  // ---- what arrives

  readonly #onData = (chunk: Buffer): void => this.#reader.read(chunk);

  asked(): void {
    // One who asks without end, and never reads, shall not fill the memory here.
    if (this.#writer.queued < MAX_QUEUED_FOR_PONG) this.#writer.frame(PONG, 0);
  }

  malformed(problem: string): void {
    this.#end('lost', problem);
  }

  /** The far end of a tunnel is closed, and so is this one now. */
  closedThere(id: number, tunnel: Tunnel): void {
    tunnel.closedThere();
    this.#tunnels.delete(id);
    if (this.#tunnels.size === 0) this.#end('closed');
    else if (id === 0) this.#linger.stop();
  }

  // ---- the end

  readonly #onSocketEnd = (): void => {
    this.#linger.stop();
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
    for (const tunnel of this.#tunnels.takeAll()) tunnel.lost(reason);
    if (!own) this.#options.onEnd?.(reason, malformed);
  }

  /** Lets out what was sent, and waits for the end of the far side: to end at once would cut off what it has not read. */
  #finish(): void {
    this.#writer.flush();
    this.#socket.end();
    this.#socket.resume();
    this.#linger.start(() => this.#socket.destroy());
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

function ignore(): void {}
