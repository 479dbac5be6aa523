import { MeshError, type Caller } from 'portmesh';
import { windowNames, type Channels, type PlaygroundBus } from '../channels.js';
import { Choice } from './choice.js';
import { hueOf, nameTag, part, type Content } from './dom.js';
import { settleWithError } from './errors.js';
import type { Log } from './log.js';
import type { Seat } from './seat.js';

const PRIMES_BELOW = 1_000_000;

/** Stands for all peers: an event goes to each that listens, a request to any one that handles it. */
const EVERYBODY = '';

/** The controls that send events and ask. */
export class Talk {
  readonly #seat: Seat;
  readonly #log: Log;
  readonly #text = part<HTMLInputElement>('text');
  readonly #targets = new Choice(
    part('targets'),
    [{ value: EVERYBODY, label: 'everybody', testId: 'to-everybody', title: 'Events: to all. Requests: to any one.' }],
    EVERYBODY,
  );
  readonly #known = new Set<string>();
  readonly #slow = new Set<AbortController>();

  constructor(seat: Seat, log: Log) {
    this.#seat = seat;
    this.#log = log;
    part('say').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send();
    });
    part('echo').addEventListener('click', () => void this.#echo());
    part('primes').addEventListener('click', () => void this.#primes());
    part('fail').addEventListener('click', () => void this.#fail());
    part('slow').addEventListener('click', () => void this.#askSlow());
    part('abort').addEventListener('click', () => this.#abort());
  }

  attach(bus: PlaygroundBus): void {
    for (const name of [...windowNames, 'main']) this.#offer(name);
    for (const { name } of bus.peers) this.#offer(name);
    bus.peers.on('join', ({ name }) => this.#offer(name));
    bus.on('chat:said', ({ sender }, text) => this.#log.add('got', nameTag(sender.name), ` says “${text}”`));
  }

  /** Once seen, a name stays to be chosen: what it is like to call somebody who isn't there is worth a try. */
  #offer(name: string): void {
    if (name === this.#seat.name || this.#known.has(name)) return;
    this.#known.add(name);
    const button = this.#targets.add({ value: name, label: name, testId: `to-${name}` });
    button.dataset['hue'] = hueOf(name);
  }

  /** Those meant. A name is looked up at each call, so it also reaches a peer that has reloaded meanwhile. */
  #caller(): Caller<Channels> {
    const { bus } = this.#seat;
    return this.#targets.value === EVERYBODY ? bus : bus.to(this.#targets.value);
  }

  #whom(anybody: string): Content {
    return this.#targets.value === EVERYBODY ? anybody : nameTag(this.#targets.value);
  }

  #send(): void {
    const text = this.#text.value;
    const entry = this.#log.add('sent', `says “${text}” to `, this.#whom('everybody'));
    try {
      this.#caller().send('chat:said', text);
    } catch (error) {
      settleWithError(entry, error);
    }
  }

  #echo(): Promise<void> {
    const text = this.#text.value;
    return this.#ask(`for an echo of “${text}”`, async (caller) => {
      const echo = await caller.request('demo:echo', text);
      return [nameTag(echo.by), ` answers “${echo.text}”`];
    });
  }

  #primes(): Promise<void> {
    return this.#ask(`for the primes below ${PRIMES_BELOW.toLocaleString('en')}`, async (caller) => {
      const { by, count, largest } = await caller.request('demo:primes', PRIMES_BELOW);
      return [nameTag(by), ` has found ${count.toLocaleString('en')}, up to ${largest.toLocaleString('en')}`];
    });
  }

  #fail(): Promise<void> {
    return this.#ask('for something that fails', async (caller) => {
      await caller.request('demo:fail', this.#text.value);
      return ['it did not fail'];
    });
  }

  async #askSlow(): Promise<void> {
    const ms = Number(part<HTMLSelectElement>('slow-ms').value);
    const timeout = Number(part<HTMLSelectElement>('slow-timeout').value);
    const controller = new AbortController();
    this.#slow.add(controller);
    this.#showAbort();
    const asked = `for something slow, ${ms / 1000} s${timeout < Infinity ? `, time-out ${timeout / 1000} s` : ''}`;
    await this.#ask(asked, async (caller) => {
      const { by, text } = await caller.with({ timeout, signal: controller.signal }).request('demo:slow', ms);
      return [nameTag(by), ` answers “${text}”`];
    });
    this.#slow.delete(controller);
    this.#showAbort();
  }

  #abort(): void {
    for (const controller of this.#slow) controller.abort();
  }

  #showAbort(): void {
    part<HTMLButtonElement>('abort').disabled = this.#slow.size === 0;
  }

  async #ask(what: string, call: (caller: Caller<Channels>) => Promise<Content[]>): Promise<void> {
    const entry = this.#log.add('asked', 'asks ', this.#whom('anybody'), ` ${what}`).open();
    try {
      entry.settle('done', ...(await call(this.#caller())));
    } catch (error) {
      if (MeshError.is(error, 'ABORTED')) entry.settle('stopped', 'aborted');
      else settleWithError(entry, error);
    }
  }
}
