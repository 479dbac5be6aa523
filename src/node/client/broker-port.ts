import * as control from '../../core/broker/control.js';
import type { Message, Welcome } from '../../core/broker/control.js';
import { Channels } from '../../core/directory/entry.js';
import { MeshError, type LeaveReason } from '../../core/errors/mesh-error.js';
import type { Port, PortCapabilities, PortListener } from '../../core/port/port.js';
import type { Address } from '../net/address.js';
import type { Mux } from '../socket/mux.js';
import { Asked } from './asked.js';
import { backoff } from './backoff.js';
import { Known } from './known.js';
import { DirectLinks } from './links.js';

/** The seat that a peer had: what it shows to take it again. */
export interface Resume {
  readonly id: string;
  readonly secret: string;
}

/**
 * A Node peer's control port, over whatever connection to the broker there is: when one is lost, another one is made, and the seat
 * taken again. To the mesh above it is one port; it is told that the directory is stale, and then what has changed.
 */
export class BrokerPort implements Port {
  readonly carries: PortCapabilities;
  readonly #connect: (resume: Resume, signal: AbortSignal) => Promise<Mux>;
  readonly #ended = new AbortController();
  readonly #links: DirectLinks;
  readonly #known = new Known({ tell: (messages) => this.#tell(messages), hears: (id) => this.hears(id) });
  readonly #asked = new Asked();
  /** What this peer has announced: a new broker is told it all at once. */
  readonly #own = new Channels(undefined, Infinity);
  /** See `KnownOptions.hears`. Set by whom this port is for. */
  hears: (id: string) => number | undefined = () => undefined;
  #mux: Mux | undefined;
  /** It has not said yet whether this peer has its seat again. */
  #fresh = false;
  #stale = false;
  #resume: Resume | undefined;
  #listener: PortListener | undefined;
  #timer: NodeJS.Timeout | undefined;
  #attempts = 0;

  /** @param connect makes another connection */
  constructor(first: Mux, address: Address, connect: (resume: Resume, signal: AbortSignal) => Promise<Mux>) {
    this.#mux = first;
    this.carries = first.port.carries;
    this.#connect = connect;
    this.#links = new DirectLinks({
      address,
      post: (message) => this.#mux?.port.post([message]),
      linked: (from, known, port) => {
        if (this.#listener) this.#listener.message([[control.LINK, from, control.CURRENT, known]], [port.raw]);
        else port.close();
      },
    });
  }

  get raw(): object {
    return this;
  }

  /** Resolves with the raw port of a link to a peer. One that is not back yet since the broker was lost is waited for. */
  dial(to: string, known: number): Promise<object> {
    if (this.#stale) return Promise.reject(new MeshError('BRIDGE_GONE', gone));
    if (!this.#known.away(to)) return this.#links.dial(to, known);
    // It may be lost again by then.
    return this.#known.back(to).then(() => this.dial(to, known));
  }

  /** Whether nobody knows yet if a peer is still there: the broker is gone, or the new one has not told of it. */
  away(id: string): boolean {
    return this.#known.away(id);
  }

  /** To be told of each link that ends, as long as the bus is open. */
  unlinked(id: string, reason: LeaveReason): void {
    this.#known.unlinked(id, reason);
  }

  start(listener: PortListener): void {
    this.#listener = listener;
    this.#listen(this.#mux as Mux);
  }

  post(messages: unknown, transfer?: readonly unknown[]): void {
    for (const message of messages as Message[]) {
      this.#asked.said(message);
      if (message[0] === control.CHANGES) this.#own.apply(message[1] as number, message[2] as unknown[]);
    }
    if (this.#mux) this.#mux.port.post(messages, transfer);
    // An answer will not come: told behind what the caller does.
    else queueMicrotask(() => this.#tell(this.#asked.fail(gone)));
  }

  close(): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#listener = undefined;
    clearTimeout(this.#timer);
    this.#known.stop();
    this.#links.stop();
    this.#mux?.close();
  }

  /** It is nobody's but its own. */
  detach(): undefined {
    this.close();
  }

  #listen(mux: Mux): void {
    mux.port.start({
      message: (data) => (this.#fresh ? this.#answered(data as Message[]) : this.#take(data as Message[])),
      unreadable() {},
      close: () => this.#lost(mux),
    });
  }

  #tell(messages: readonly Message[]): void {
    if (messages.length > 0) this.#listener?.message(messages, []);
  }

  /** The broker says something. */
  #take(messages: readonly Message[]): void {
    this.#tell(messages.flatMap((message) => this.#read(message)));
  }

  /** What it means to the mesh. */
  #read(message: Message): readonly Message[] {
    this.#asked.told(message);
    switch (message[0]) {
      case control.WELCOME: {
        const welcome = message[1] as Welcome;
        this.#known.first(welcome);
        this.#seated(welcome);
        return [message];
      }
      case control.JOIN:
        return this.#known.joined(message);
      case control.LEAVE:
        this.#known.left(message[1] as string);
        return [message];
      default:
        return this.#links.take(message) ? [] : [message];
    }
  }

  #seated({ self, resume }: Welcome): void {
    if (resume !== undefined) this.#resume = { id: self.id, secret: resume };
  }

  // ---- when the connection is lost

  #lost(mux: Mux): void {
    if (mux !== this.#mux) return;
    this.#mux = undefined;
    if (!this.#resume) return this.#giveUp();
    const error = new MeshError('BRIDGE_GONE', gone);
    this.#links.fail(error);
    this.#known.lost(error);
    this.#tell(this.#asked.fail(gone));
    if (!this.#stale) this.#tell([[control.STALE, (this.#stale = true)]]);
    this.#retry();
  }

  #retry(): void {
    if (this.#ended.signal.aborted) return;
    // The process runs on for it, as it does for a connection.
    this.#timer = setTimeout(() => void this.#attempt(this.#resume as Resume), backoff(++this.#attempts));
  }

  async #attempt(resume: Resume): Promise<void> {
    try {
      const mux = await this.#connect(resume, this.#ended.signal);
      if (this.#ended.signal.aborted) return mux.close();
      this.#mux = mux;
      this.#fresh = true;
      this.#listen(mux);
      const { number, listens, handles } = this.#own;
      if (number > 0) mux.port.post([[control.STATE, number, [...listens], [...handles]]]);
    } catch (error) {
      if (MeshError.is(error, 'NOT_AUTHORIZED') || MeshError.is(error, 'VERSION_MISMATCH')) this.#end(error.message);
      else this.#retry();
    }
  }

  /** The first that a new broker says. */
  #answered([first, ...rest]: readonly Message[]): void {
    const [kind, a, b] = first ?? [];
    // Who was to decide was too slow: the connection is closed, and made again.
    if (kind === control.REFUSED) return a === 'TIMEOUT' ? undefined : this.#end(String(b));
    if (kind !== control.WELCOME) return; // nothing a broker says
    const welcome = a as Welcome;
    this.#fresh = this.#stale = false;
    this.#attempts = 0;
    this.#seated(welcome);
    this.#tell([...this.#known.again(welcome), [control.STALE, false]]);
    this.#take(rest);
  }

  /** It is of no use to try again. */
  #end(detail: string): void {
    this.#tell([[control.END, 'bridge-gone', detail]]);
    this.close();
  }

  #giveUp(): void {
    const listener = this.#listener;
    this.close();
    listener?.close('closed');
  }
}

const gone = 'the broker is gone, and this peer is looking for it. See bus.state.';
