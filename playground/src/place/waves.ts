import type { Caller, MeshPort, Peer } from 'portmesh';
import type { Channels, PlaygroundBus, Wave } from '../channels.js';
import type { Shape } from './deeds.js';
import type { Journal, Line } from './journal.js';
import type { Traffic } from './traffic.js';

/** Milliseconds between two points. */
const POINT_MS = 33;

/** A place on a canvas, from 0 to 1 each. Of a sine, `x` is left out: it moves by itself. */
export interface Point {
  readonly x?: number;
  readonly y: number;
}

/** Told of each point that has come over a port; `undefined`: the port is closed. */
export type Draw = (id: number, from: Peer, shape: Shape, point: Point | undefined) => void;

/** Ports that are opened to other places, and to here: what comes over them is drawn, where there is something to draw on. */
export class Waves {
  readonly #journal: Journal;
  readonly #traffic: Traffic;
  readonly #open = new Set<MeshPort>();
  #lastId = 0;
  /** Draws what comes. */
  draw: Draw = () => {};
  /** Where the mouse is over this place's canvas, if it is. */
  mouse: Point | undefined;

  constructor(journal: Journal, traffic: Traffic) {
    this.#journal = journal;
    this.#traffic = traffic;
  }

  attach(bus: PlaygroundBus): void {
    bus.onPort('demo:wave', ({ sender }, port, { shape }) => this.#receive(sender, port, shape));
    void bus.closed.then(() => void this.close());
  }

  /** Opens a port, and sends points over it until `close()`, or the other end's. */
  async send(caller: Caller<Channels>, shape: Shape, line: Line): Promise<void> {
    line.open('asks for a port');
    const wave: Wave = { shape };
    const port = await caller.openPort('demo:wave', wave);
    this.#open.add(port);
    let sent = 0;
    line.open('open');
    const timer = setInterval(() => {
      port.postMessage(this.#point(shape));
      sent++;
      if (sent % 15 === 0) line.open(`${sent.toLocaleString('en')} points sent`);
    }, POINT_MS);
    await new Promise<void>((resolve) => {
      port.onclose = () => resolve();
      this.#closing.set(port, resolve);
    });
    clearInterval(timer);
    this.#closing.delete(port);
    this.#open.delete(port);
    line.settle('done', `closed after ${sent.toLocaleString('en')} points`);
  }

  /** Its own close tells a port nothing. */
  readonly #closing = new Map<MeshPort, () => void>();

  /** Returns whether there was something to close. */
  close(): boolean {
    const any = this.#open.size > 0;
    for (const port of this.#open) port.close();
    for (const resolve of this.#closing.values()) resolve();
    return any;
  }

  #receive(from: Peer, port: MeshPort, shape: Shape): void {
    const id = ++this.#lastId;
    const line = this.#journal.add('got', { peer: from.name }, ` opens a port, and draws a ${shape}`).open();
    let got = 0;
    port.onmessage = ({ data }) => {
      got++;
      this.#traffic.count(from, 'in', 'point');
      if (isPoint(data)) this.draw(id, from, shape, data);
      if (got % 15 === 0) line.open(`${got.toLocaleString('en')} points`);
    };
    port.onclose = () => {
      line.settle('done', `closed after ${got.toLocaleString('en')} points`);
      this.draw(id, from, shape, undefined);
    };
  }

  #point(shape: Shape): Point {
    const t = performance.now() / 1000;
    if (shape === 'sine') return { y: 0.5 + 0.3 * Math.sin(t * 4) + 0.1 * Math.sin(t * 11) };
    return this.mouse ?? { x: 0.5 + 0.42 * Math.sin(t * 1.9), y: 0.5 + 0.38 * Math.sin(t * 2.7) };
  }
}

/** What comes over a port is whatever the other end has posted. */
function isPoint(data: unknown): data is Point {
  return typeof data === 'object' && data !== null && typeof (data as { y?: unknown }).y === 'number';
}
