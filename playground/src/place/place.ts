import { MeshError, type Caller } from 'portmesh';
import type { Channels, Pace, PlaygroundBus } from '../channels.js';
import { answerDemo } from './answering.js';
import { Dancing } from './dancing.js';
import { EVERYBODY, type Deed } from './deeds.js';
import { Gossip } from './gossip.js';
import type { Piece } from './entry.js';
import { Journal, type Line } from './journal.js';
import { Numbers } from './numbers.js';
import { sleep } from './sleep.js';
import { Traffic, type TrafficReport } from './traffic.js';
import { Waves } from './waves.js';

const PRIMES_BELOW = 1_000_000;
const NUMBERS = 65_536;
const MAX_HANG_MS = 10_000;
/** Milliseconds between two reports of what has flowed. */
const REPORT_MS = 200;

/** A peer of the playground, wherever it lives: what it answers, and what it can be told to do. */
export class Place {
  readonly journal = new Journal();
  readonly traffic = new Traffic();
  readonly waves = new Waves(this.journal, this.traffic);
  readonly #numbers = new Numbers(this.journal, this.traffic);
  readonly #dancing = new Dancing(this.traffic);
  readonly #gossip = new Gossip();
  readonly #slow = new Set<AbortController>();
  /** Told too of what this place reports. */
  onReport: (report: TrafficReport) => void = () => {};
  #bus: PlaygroundBus | undefined;

  /** The bus, from the moment this place has joined first; after its end, every call says so. */
  get bus(): PlaygroundBus {
    if (!this.#bus) throw new Error('this place has not joined yet');
    return this.#bus;
  }

  /** In one turn with the join: the others learn of all that is handled and listened to before anything else happens. */
  attach(bus: PlaygroundBus): void {
    this.#bus = bus;
    const { journal } = this;
    bus.onError((error, { peer }) => journal.add('failed', 'trouble with ', { peer: peer.name }).fail(error));
    bus.onDropped(({ peer, count, error }) => {
      journal.add('failed', `lost ${count} event${count === 1 ? '' : 's'} to `, { peer: peer.name }).fail(error);
    });
    bus.peers.on('join', ({ name }) => journal.add('joined', { peer: name }, ' joined'));
    bus.peers.on('leave', ({ name }, reason) => journal.add('left', { peer: name }, ' left: ', { code: reason }));
    bus.peers.on('unresponsive', ({ name }) => journal.add('left', { peer: name }, ' does not answer any more'));
    bus.peers.on('responsive', ({ name }) => journal.add('joined', { peer: name }, ' answers again'));
    // Node's peers only: the others have no broker that they could lose.
    bus.peers.on('stale', () => journal.add('left', 'the broker is gone, and looked for'));
    bus.peers.on('fresh', ({ id }) =>
      journal.add('joined', 'the broker is back, and this seat is the old one: ', { code: id }),
    );
    this.traffic.attach(bus.peers);
    answerDemo(bus, journal, this.traffic);
    this.#numbers.attach(bus);
    this.waves.attach(bus);
    bus.handle('place:do', (_event, deed) => this.do(deed));
    bus.handle('place:journal', (_event, since) => journal.since(since));
    void this.#gossip.attach(bus);
    const timer = setInterval(() => this.#report(bus), REPORT_MS);
    void bus.closed.then(() => clearInterval(timer));
  }

  /** Begins it; how it goes is in the journal. */
  do(deed: Deed): void {
    switch (deed.do) {
      case 'say':
        return this.#say(deed.to, deed.text);
      case 'ask':
        return void this.#ask(deed);
      case 'ask-slow':
        return void this.#askSlow(deed.to, deed.ms, deed.timeout);
      case 'abort':
        if (this.#slow.size === 0) return this.#nothing('no slow request waits here');
        return this.#slow.forEach((controller) => controller.abort());
      case 'stream':
        return this.#stream(deed.to, deed.perSecond);
      case 'take-time':
        this.#numbers.slow = deed.slow;
        return;
      case 'stop-stream':
        return this.#numbers.stop() ? undefined : this.#nothing('no stream is taken here');
      case 'open-port': {
        const line = this.journal.add('asked', `draws a ${deed.shape} at `, whom(deed.to, 'somebody'));
        return void this.waves
          .send(this.#caller(deed.to), deed.shape, line)
          .catch((error: unknown) => line.fail(error));
      }
      case 'close-ports':
        return this.waves.close() ? undefined : this.#nothing('no port was opened here');
      case 'dance': {
        const line = this.journal.add('asked', 'dances in the scene of ', whom(deed.to, 'somebody'));
        return void this.#dancing.dance(this.bus, deed.to, line).catch((error: unknown) => line.fail(error));
      }
      case 'leave-scenes':
        return this.#dancing.stop() ? undefined : this.#nothing('nobody dances from here');
      case 'hang':
        return void this.#hang(deed.ms);
      default:
        throw new RangeError(`there is no such deed: ${JSON.stringify(deed satisfies never)}`);
    }
  }

  /** How much this place and all others chat. */
  setPace(pace: Pace): void {
    this.#gossip.setPace(pace);
    this.bus.send('playground:pace', pace);
  }

  /** What was asked for has nothing to end. */
  #nothing(words: string): void {
    this.journal.add('note', words);
  }

  #report(bus: PlaygroundBus): void {
    const report = this.traffic.report();
    bus.send('playground:traffic', report);
    this.onReport(report);
  }

  /** Those meant. A name is looked up at each call, so it also reaches a peer that has reloaded meanwhile. */
  #caller(to: string): Caller<Channels> {
    return to === EVERYBODY ? this.bus : this.bus.to(to);
  }

  #say(to: string, text: string): void {
    const line = this.journal.add('sent', `says “${text}” to `, whom(to, 'everybody'));
    try {
      this.#caller(to).send('chat:said', text);
    } catch (error) {
      line.fail(error);
    }
  }

  #ask({ to, what, text }: Extract<Deed, { do: 'ask' }>): Promise<void> {
    const caller = this.#caller(to);
    switch (what) {
      case 'echo':
        return this.#settle(to, `for an echo of “${text}”`, async () => {
          const echo = await caller.request('demo:echo', text);
          return [{ peer: echo.by }, ` answers “${echo.text}”`];
        });
      case 'primes':
        return this.#settle(to, `for the primes below ${PRIMES_BELOW.toLocaleString('en')}`, async () => {
          const { by, count, largest } = await caller.request('demo:primes', PRIMES_BELOW);
          return [{ peer: by }, ` has found ${count.toLocaleString('en')}, up to ${largest.toLocaleString('en')}`];
        });
      case 'mirror':
        return this.#settle(to, `for ${NUMBERS.toLocaleString('en')} numbers, mirrored`, async () => {
          const sent = Float32Array.from({ length: NUMBERS }, Math.random);
          const { by, numbers } = await caller.request('demo:mirror', sent);
          if (!isMirrored(sent, numbers)) throw new Error('what came back is not what was sent');
          return [{ peer: by }, ` answers a ${numbers.constructor.name}, and each bit is right`];
        });
      case 'fail':
        return this.#settle(to, 'for something that fails', async () => {
          await caller.request('demo:fail', text);
          return ['it did not fail'];
        });
      default:
        throw new RangeError(`there is no such question: ${String(what satisfies never)}`);
    }
  }

  async #askSlow(to: string, ms: number, timeout: number): Promise<void> {
    const controller = new AbortController();
    this.#slow.add(controller);
    const limit = timeout < Infinity ? `, time-out ${timeout / 1000} s` : '';
    await this.#settle(to, `for something slow, ${ms / 1000} s${limit}`, async () => {
      const caller = this.#caller(to).with({ timeout, signal: controller.signal });
      const { by, text } = await caller.request('demo:slow', ms);
      return [{ peer: by }, ` answers “${text}”`];
    });
    this.#slow.delete(controller);
  }

  #stream(to: string, perSecond: number): void {
    const pace = perSecond < Infinity ? `${perSecond.toLocaleString('en')} numbers a second` : 'numbers, flat out';
    const line = this.journal.add('asked', 'streams from ', whom(to, 'somebody'), `: ${pace}`);
    void this.#numbers.take(this.#caller(to), perSecond, line);
  }

  async #hang(ms: number): Promise<void> {
    const length = Math.min(ms, MAX_HANG_MS);
    const line = this.journal.add('note', `stands still for ${length / 1000} s`).open();
    // Whoever asked for it gets the answer first, and the page is drawn.
    await sleep(50);
    const end = performance.now() + length;
    while (performance.now() < end);
    line.settle('done', 'goes on');
  }

  async #settle(to: string, what: string, call: () => Promise<Piece[]>): Promise<void> {
    const line: Line = this.journal.add('asked', 'asks ', whom(to, 'anybody'), ` ${what}`).open();
    try {
      line.settle('done', ...(await call()));
    } catch (error) {
      if (MeshError.is(error, 'ABORTED')) line.settle('stopped', 'aborted');
      else line.fail(error);
    }
  }
}

function isMirrored(sent: Float32Array, got: unknown): got is Float32Array {
  return (
    got instanceof Float32Array &&
    got.length === sent.length &&
    sent.every((number, index) => got[sent.length - 1 - index] === number)
  );
}

function whom(to: string, all: string): Piece {
  return to === EVERYBODY ? all : { peer: to };
}
