import { make, part } from './dom.js';

/** The panel with several views, of which one is shown. They and their names are in the page. */
export class Views {
  readonly #views = [...part('views').querySelectorAll<HTMLElement>('[data-view]')];
  readonly #tabs: readonly HTMLButtonElement[];
  /** Told of each view that is shown. */
  readonly #onShow = new Map<string, () => void>();

  constructor() {
    this.#tabs = this.#views.map((view) => this.#makeTab(view));
    part('tabs').append(...this.#tabs);
    part('tabs').addEventListener('keydown', ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
      if (step) this.#step(step);
    });
    this.show(nameOf(this.#views[0]));
  }

  get shown(): string {
    return nameOf(this.#views.find((view) => !view.hidden));
  }

  onShow(name: string, listener: () => void): void {
    this.#onShow.set(name, listener);
  }

  show(name: string): void {
    this.#views.forEach((view, index) => {
      const shown = nameOf(view) === name;
      view.hidden = !shown;
      this.#tabs[index]?.setAttribute('aria-selected', String(shown));
      if (this.#tabs[index]) this.#tabs[index].tabIndex = shown ? 0 : -1;
    });
    part('views').dataset['shown'] = name;
    this.#onShow.get(name)?.();
  }

  /** How many there are in it, beside its name. */
  mark(name: string, count: number): void {
    const tab = this.#tabs[this.#views.findIndex((view) => nameOf(view) === name)];
    if (tab) tab.dataset['count'] = count > 0 ? String(count) : '';
  }

  #step(by: number): void {
    const next = (this.#views.findIndex((view) => !view.hidden) + by + this.#views.length) % this.#views.length;
    this.show(nameOf(this.#views[next]));
    this.#tabs[next]?.focus();
  }

  #makeTab(view: HTMLElement): HTMLButtonElement {
    const name = nameOf(view);
    const tab = make('button', '', view.dataset['label'] ?? name);
    tab.type = 'button';
    tab.dataset['testid'] = `view-${name}`;
    tab.setAttribute('role', 'tab');
    view.setAttribute('role', 'tabpanel');
    view.setAttribute('aria-label', view.dataset['label'] ?? name);
    tab.addEventListener('click', () => this.show(name));
    return tab;
  }
}

function nameOf(view: HTMLElement | undefined): string {
  return view?.dataset['view'] ?? '';
}
