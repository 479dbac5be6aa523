import type { Entry, Kind } from '../place/entry.js';
import { make, makeSvg, part, type Content } from './dom.js';
import { duration, write } from './words.js';

const glyphs: Readonly<Record<Kind, string>> = {
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
const BAR = { width: 3, height: 14 };
const twoDigits = new Intl.NumberFormat('en', { minimumIntegerDigits: 2 });
const seconds = new Intl.NumberFormat('en', { minimumIntegerDigits: 2, minimumFractionDigits: 3 });

/** A journal, drawn: newest first. */
export class LogView {
  readonly #list = part<HTMLOListElement>('log');
  readonly #lines = new Map<number, HTMLLIElement>();

  constructor() {
    part('clear-log').addEventListener('click', () => this.clear());
  }

  clear(): void {
    this.#list.replaceChildren();
    this.#lines.clear();
  }

  show(entry: Entry): void {
    const line = draw(entry);
    const before = this.#lines.get(entry.id);
    // What was cleared away comes back when it goes on.
    if (before) before.replaceWith(line);
    else this.#list.prepend(line);
    this.#lines.set(entry.id, line);
    if (this.#lines.size <= MAX_ENTRIES) return;
    const [oldest] = this.#lines.keys();
    if (oldest !== undefined) this.#lines.delete(oldest);
    this.#list.lastElementChild?.remove();
  }
}

function draw({ at, kind, text, state, outcome, took, rates, stack }: Entry): HTMLLIElement {
  const body = make('div', 'body', make('p', '', ...write(text)));
  const line = make('li', '', make('time', '', clock(new Date(at))), make('span', 'glyph', glyphs[kind]), body);
  line.dataset['kind'] = kind;
  if (state) line.dataset['state'] = state;
  if (outcome) {
    const end: Content[] = took === undefined ? [] : [' ', make('span', 'took', duration(took))];
    if (rates && state === 'open') end.push(sparkline(rates));
    body.append(make('p', 'outcome', ...write(outcome), ...end));
  }
  if (stack !== undefined) {
    const summary = make('summary', '', hasRemoteStack(stack) ? 'both stacks' : 'stack');
    body.append(make('details', '', summary, make('pre', '', stack)));
  }
  return line;
}

/** The remote stack follows a line that names the peer it is from. */
function hasRemoteStack(stack: string): boolean {
  return /^ +--- .* ---$/m.test(stack);
}

function sparkline(rates: readonly number[]): Element {
  const most = Math.max(1, ...rates);
  const width = rates.length * (BAR.width + 1);
  const svg = makeSvg('svg', { class: 'spark', width, height: BAR.height, viewBox: `0 0 ${width} ${BAR.height}` });
  const bars = rates.map((rate, index) => {
    const height = Math.max(1, (rate / most) * BAR.height);
    return `M${index * (BAR.width + 1)} ${BAR.height}v-${height.toFixed(1)}h${BAR.width}v${height.toFixed(1)}z`;
  });
  svg.append(makeSvg('path', { d: bars.join('') }));
  return svg;
}

function clock(now: Date): string {
  const second = now.getSeconds() + now.getMilliseconds() / 1000;
  return `${twoDigits.format(now.getHours())}:${twoDigits.format(now.getMinutes())}:${seconds.format(second)}`;
}
