import { make } from './dom.js';

export interface Option<T> {
  readonly value: T;
  readonly label: string;
  readonly testId: string;
  readonly title?: string;
}

/** A row of options of which one is chosen: buttons that behave as radio buttons. */
export class Choice<T> {
  readonly #holder: HTMLElement;
  readonly #onChange: (value: T) => void;
  readonly #buttons = new Map<T, HTMLButtonElement>();
  #value: T;

  constructor(holder: HTMLElement, options: readonly Option<T>[], value: T, onChange: (value: T) => void = () => {}) {
    this.#holder = holder;
    this.#value = value;
    this.#onChange = onChange;
    for (const option of options) this.add(option);
  }

  get value(): T {
    return this.#value;
  }

  add({ value, label, testId, title }: Option<T>): HTMLButtonElement {
    const button = make('button', '', label);
    button.type = 'button';
    button.dataset['testid'] = testId;
    button.setAttribute('role', 'radio');
    if (title) button.title = title;
    button.addEventListener('click', () => this.#choose(value));
    this.#buttons.set(value, button);
    this.#holder.append(button);
    this.#show();
    return button;
  }

  #choose(value: T): void {
    if (value === this.#value) return;
    this.#value = value;
    this.#show();
    this.#onChange(value);
  }

  #show(): void {
    for (const [value, button] of this.#buttons) button.setAttribute('aria-checked', String(value === this.#value));
  }
}
