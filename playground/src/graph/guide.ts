import type { Place } from '../place/place.js';
import type { Acts } from '../ui/acts.js';
import { makeButton, part } from '../ui/dom.js';
import type { Model } from './model.js';

/** For who opens the playground for the first time: what is seen here, and what to try first. Whoever is tried is chosen. */
export class Guide {
  readonly #model: Model;
  readonly #buttons: readonly HTMLButtonElement[];
  readonly #crash: HTMLButtonElement;

  constructor(place: Place, model: Model, acts: Acts, choose: (name: string) => void) {
    this.#model = model;
    const step = (id: string, words: string, title: string, whom: string, act: () => void): HTMLButtonElement => {
      const button = makeButton(words, `try-${id}`, () => {
        choose(whom);
        act();
      });
      button.title = title;
      return button;
    };
    const draw = (): void => {
      place.bus
        .to('thread')
        .request('place:do', { do: 'open-port', to: 'graph', shape: 'sine' })
        .catch((error: unknown) => place.journal.add('failed', { peer: 'thread' }, ' could not be told').fail(error));
    };
    this.#crash = step(
      'crash',
      '',
      'Its process, with all who live in it: everybody else hears of it at once',
      'editor',
      () => acts.act(this.#isGone('editor') ? 'restore' : 'crash', 'editor'),
    );
    this.#buttons = [
      step('block', 'Block main', 'For 2 s; the others go on: see the two lanes below', 'main', () => acts.block()),
      step(
        'port',
        'Draw over a port',
        'A worker thread gets a port to this window, and draws at the right',
        'thread',
        draw,
      ),
      step('hang', 'Hang the worker', 'For 5 s: it is known to, and nobody gives it up', 'counter', () =>
        acts.hang('counter'),
      ),
      this.#crash,
    ];
    part('tries').append(...this.#buttons);
    part('hide-guide').addEventListener('click', () => (part('guide').hidden = true));
    this.allow(false);
    this.update();
  }

  /** Outside the mesh, nobody would hear of it. */
  allow(can: boolean): void {
    for (const button of this.#buttons) button.disabled = !can;
  }

  /** Somebody has come, gone, or changed. */
  update(): void {
    this.#crash.textContent = this.#isGone('editor') ? 'Bring the editor back' : 'Crash the editor';
  }

  #isGone(name: string): boolean {
    return this.#model.node(name)?.state === 'gone';
  }
}
