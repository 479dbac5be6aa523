import { makeButton, part } from './dom.js';

export type ViewName = 'talk' | 'service' | 'comlink';

const labels: Readonly<Record<ViewName, string>> = { talk: 'Talk', service: 'Service', comlink: 'Comlink' };
const names = Object.keys(labels) as ViewName[];

/** What of the page is shown: what there is to try is more than there is room for. */
export class Views {
  readonly #main = document.querySelector('main');
  readonly #buttons = new Map(
    names.map((name) => [name, makeButton(labels[name], `view-${name}`, () => this.show(name))]),
  );
  /** Told when a view is shown. */
  readonly #listeners = new Map<ViewName, () => void>();
  #shown: ViewName = 'talk';

  constructor() {
    for (const button of this.#buttons.values()) button.setAttribute('role', 'radio');
    part('views').append(...this.#buttons.values());
    this.show('talk');
  }

  get shown(): ViewName {
    return this.#shown;
  }

  onShow(name: ViewName, listener: () => void): void {
    this.#listeners.set(name, listener);
  }

  show(shown: ViewName): void {
    this.#shown = shown;
    if (this.#main) this.#main.dataset['shown'] = shown;
    for (const each of document.querySelectorAll<HTMLElement>('[data-view]'))
      each.hidden = each.dataset['view'] !== shown;
    for (const [name, button] of this.#buttons) button.setAttribute('aria-checked', String(name === shown));
    this.#listeners.get(shown)?.();
  }

  /** Puts a number beside a view's name; 0: none. */
  count(name: ViewName, count: number): void {
    const button = this.#buttons.get(name);
    if (button) button.dataset['count'] = count > 0 ? String(count) : '';
  }
}
