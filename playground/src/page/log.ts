import { make, part, type Content } from './dom.js';

/** What an entry is about: its glyph and its colour. */
export type Kind = 'sent' | 'got' | 'asked' | 'served' | 'joined' | 'left' | 'failed' | 'note';

const glyphs: Record<Kind, string> = {
  sent: '↗',
  got: '↙',
  asked: '→',
  served: '←',
  joined: '+',
  left: '−',
  failed: '×',
  note: '·',
};

const MAX_ENTRIES = 200;
const twoDigits = new Intl.NumberFormat('en', { minimumIntegerDigits: 2 });
const seconds = new Intl.NumberFormat('en', { minimumIntegerDigits: 2, minimumFractionDigits: 3 });

/** What flows, newest first. */
export class Log {
  readonly #list = part<HTMLOListElement>('log');

  constructor() {
    part('clear-log').addEventListener('click', () => this.#list.replaceChildren());
  }

  add(kind: Kind, ...content: readonly Content[]): Entry {
    const entry = new Entry(kind, content);
    this.#list.prepend(entry.element);
    while (this.#list.childElementCount > MAX_ENTRIES) this.#list.lastElementChild?.remove();
    return entry;
  }
}

/** One line of the log. What is still under way is open, and gets its outcome below it later. */
export class Entry {
  readonly element: HTMLLIElement;
  readonly #body: HTMLElement;
  readonly #since = performance.now();

  constructor(kind: Kind, content: readonly Content[]) {
    this.#body = make('div', 'body', make('p', '', ...content));
    const glyph = make('span', 'glyph', glyphs[kind]);
    this.element = make('li', '', make('time', '', clock(new Date())), glyph, this.#body);
    this.element.dataset['kind'] = kind;
  }

  /** Marks it as under way. */
  open(): this {
    this.element.dataset['state'] = 'open';
    return this;
  }

  /** Says how it ended, and after how long. */
  settle(state: 'done' | 'failed' | 'stopped', ...content: readonly Content[]): this {
    this.element.dataset['state'] = state;
    const took = make('span', 'took', duration(performance.now() - this.#since));
    this.#body.append(make('p', 'outcome', ...content, ' ', took));
    return this;
  }

  /** Adds what is read on demand only. */
  fold(summary: string, text: string): this {
    this.#body.append(make('details', '', make('summary', '', summary), make('pre', '', text)));
    return this;
  }
}

function clock(now: Date): string {
  const second = now.getSeconds() + now.getMilliseconds() / 1000;
  return `${twoDigits.format(now.getHours())}:${twoDigits.format(now.getMinutes())}:${seconds.format(second)}`;
}

export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}
