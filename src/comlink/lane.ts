import type { Port } from '../core/port/port.js';
import { startTimer } from '../core/timer.js';
import type { LaneCall, LaneOwner, Why } from './call.js';

type Listener = (event: { readonly data: unknown }) => void;

/** One of the endpoints on a line: for Comlink here, or for who has the other end of a port of the platform. */
export abstract class Lane {
  readonly line: LaneOwner;
  /** On this side: those that were made here are above 0, those of the other side below. */
  readonly id: number;
  readonly name: string;
  /** Stands for it here: see relay.ts. */
  port: Port | undefined;
  /** Under way to the other side. */
  readonly calls = new Set<LaneCall>();
  /** Why nothing more can be called. */
  why: Why | undefined;
  /** The answer that it was made for. */
  madeFor = 0;
  /** The id of what asked a port to be released. */
  protected released: unknown;
  #listener: Listener | undefined;

  constructor(line: LaneOwner, id: number) {
    this.line = line;
    this.id = id;
    this.name = id === 0 ? line.name : `proxy of ${line.name}`;
  }

  /** There is one: Comlink either exposes something on a lane, or wraps what is at its other end. */
  addEventListener(_type: string, listener: Listener): void {
    this.#listener = listener;
  }

  removeEventListener(): void {}

  start(): void {}

  /** What Comlink, or the port, has to say. */
  abstract postMessage(data: unknown, transfer?: readonly object[]): void;

  /** What the other side says: [, lane, places, …]. It is answered, at some time. @throws MeshError what is not for this lane */
  receive(_id: number, _args: readonly unknown[]): void {
    this.line.check(undefined);
  }

  /** Behind the calls under way, the lane is closed: whether its proxy was released, or collected. */
  release(): void {
    this.why ??= this.line.closed;
    if (this.calls.size === 0) this.line.close(this.id);
  }

  /** It is over on both sides. Comlink is told by what makes it run the object's finalizer. */
  end(why: Why): void {
    const { port } = this;
    this.why = why;
    for (const call of this.calls) call.link?.cancel(call, () => why(call));
    if (!port) this.dispatch({ id: '', type: 'RELEASE' });
    else
      startTimer(0, () => {
        // Behind what its calls are answered with; Comlink closes its own end when it has heard.
        if (this.released) port.post({ id: this.released });
        port.close();
      });
  }

  protected dispatch(data: unknown, ports?: readonly object[]): void {
    if (this.port) this.port.post(data, ports);
    else this.#listener?.({ data });
  }
}
