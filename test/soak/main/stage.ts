import { BrowserWindow } from 'electron';
import type { LeaveReason } from 'portmesh';
import type { Bridge } from 'portmesh/main';
import { COUNTS, VIOLATION, type PageApi } from '../page/page-api.js';
import type { Random } from '../random.js';
import type { Watch } from './watch.js';

/** How long main waits for a page, before it counts as hanging for ever. The longest hang of a step is far below. */
const LIMIT_MS = 30_000;
const ORIGINS = ['a', 'b'] as const;

/** One of the windows: closed, with a page that has joined, with one that doesn't join, or crashed. */
export class Stage {
  readonly name: string;
  readonly random: Random;
  readonly watch: Watch;
  /** Stays open, with its first document, from the beginning to the end: its heap tells what is left behind. */
  readonly lasts: boolean;
  readonly bridge: Bridge;
  state: 'closed' | 'page' | 'away' | 'crashed' = 'closed';
  /** Whether a step is under way. */
  busy = false;
  /** The peers of its page. */
  readonly seats = new Set<string>();
  /** Why its peers may leave, as the step at work has it; by peer, where it concerns that one only. */
  #reasons: readonly LeaveReason[] = [];
  readonly #reasonOf = new Map<string, LeaveReason>();
  #window: BrowserWindow | undefined;

  constructor(name: string, lasts: boolean, bridge: Bridge, random: Random, watch: Watch) {
    this.name = name;
    this.lasts = lasts;
    this.bridge = bridge;
    this.random = random;
    this.watch = watch;
  }

  get window(): BrowserWindow {
    if (!this.#window) throw new Error(`${this.name} is closed`);
    return this.#window;
  }

  get origin(): string {
    return `app://${this.random.pick(ORIGINS)}`;
  }

  /** Whether a peer of this window may leave for that reason now. */
  mayLeave(id: string, reason: LeaveReason): boolean {
    const own = this.#reasonOf.get(id);
    return own ? own === reason : this.#reasons.includes(reason);
  }

  /** The bridge has told of the leave. */
  left(id: string): void {
    this.seats.delete(id);
    this.#reasonOf.delete(id);
  }

  async open(): Promise<void> {
    const window = new BrowserWindow({
      show: false,
      webPreferences: { sandbox: true, contextIsolation: true, backgroundThrottling: false },
    });
    this.#window = window;
    window.webContents.on('console-message', (...args: unknown[]) => this.#onConsole(messageOf(args)));
    await this.show();
  }

  /** Loads a page that joins. */
  async show(): Promise<void> {
    await this.load(`${this.origin}/page.html`);
    this.state = 'page';
    await this.sit();
  }

  async load(url: string): Promise<void> {
    await limited(this.window.loadURL(url), `${this.name}: ${url}`);
  }

  async sit(): Promise<void> {
    // Of its own for each origin: a name is held by the origin that took it first.
    const name = `${this.name}-${new URL(this.window.webContents.getURL()).host}`;
    this.seats.add(await this.call('sit', name, this.random.between(0, 2 ** 32 - 1)));
  }

  /** Does what ends all its peers, for one of these reasons; waits until the bridge has told of each. */
  async end(reasons: readonly LeaveReason[], how: () => unknown): Promise<void> {
    this.#reasons = reasons;
    await how();
    await this.#until(() => this.seats.size === 0, `its peers (${[...this.seats].join(', ')}) leave`);
    this.#reasons = [];
  }

  /** The same for one of its peers. */
  async endOne(id: string, reason: LeaveReason, how: () => unknown): Promise<void> {
    this.#reasonOf.set(id, reason);
    await how();
    await this.#until(() => !this.seats.has(id), `its peer ${id} leaves`);
  }

  forget(): void {
    this.#window = undefined;
    this.state = 'closed';
  }

  async call<K extends keyof PageApi>(
    name: K,
    ...args: Parameters<PageApi[K]>
  ): Promise<Awaited<ReturnType<PageApi[K]>>> {
    const code = `soak.${name}(...${JSON.stringify(args)})`;
    const done: Promise<unknown> = this.window.webContents.executeJavaScript(code);
    return (await limited(done, `${this.name}: ${code}`)) as Awaited<ReturnType<PageApi[K]>>;
  }

  async #until(holds: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + LIMIT_MS;
    while (!holds()) {
      if (performance.now() > deadline) throw new Error(`${this.name}: ${what}: not within ${LIMIT_MS / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  #onConsole(text: string): void {
    if (text.startsWith(VIOLATION)) this.watch.violation(`${this.name}: ${text.slice(VIOLATION.length)}`);
    else if (text.startsWith(COUNTS)) {
      const counts = JSON.parse(text.slice(COUNTS.length)) as Record<string, number>;
      for (const [what, by] of Object.entries(counts)) this.watch.count(what, by);
    } else console.error(`[${this.name}] ${text}`);
  }
}

/** Newer Electrons give an object, older ones level and text. */
function messageOf([details, , message]: unknown[]): string {
  return String(typeof message === 'string' ? message : (details as { message?: unknown }).message);
}

function limited<T>(done: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not done after ${LIMIT_MS / 1000} s`)), LIMIT_MS);
  });
  return Promise.race([done, late]).finally(() => clearTimeout(timer));
}
