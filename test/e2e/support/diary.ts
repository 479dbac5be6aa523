import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const KEPT_LINES = 80;
/** How long its end is waited for when nothing can be asked of it any more, in ms. */
const END_MS = 3000;

/** What begins a line that is for the diary only: see `Lab.launch`. */
export const GONE = '[gone]';
/** Chromium's own, and the debugger's: of use only to who looks for the cause of a failure. */
const noise = /^\[\d+:(?!.*FATAL)|^Debugger|^For help|^Waiting for the debugger|^\[gone\]|^$/;

/** What an Electron says, and how it ends: for who has to find out why a test failed. */
export class Diary {
  readonly #ended: Promise<void>;
  #lines: string[] = [];
  #end: string | undefined;
  #closing = false;

  constructor(process: ChildProcess) {
    for (const stream of [process.stdout, process.stderr]) this.#read(stream as Readable);
    this.#ended = new Promise((resolve) => {
      process.once('exit', (code, signal) => {
        this.#end = `Electron (${process.pid}) has ended by ${signal ?? `code ${code}`}`;
        if (!this.#closing) console.error(String(this));
        resolve();
      });
    });
  }

  /** What comes from now on is of interest, not what was. */
  begin(): void {
    this.#lines = [];
  }

  /** From now on its end is no surprise. */
  close(): void {
    this.#closing = true;
  }

  /** If it is because Electron is gone that something failed, an error that says how it ended. */
  async explain(error: unknown): Promise<unknown> {
    if (!/has been closed|disconnected/.test(String(error))) return error;
    let timer;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, END_MS)));
    await Promise.race([this.#ended, late]);
    clearTimeout(timer);
    if (!this.#end) return error;
    // Its first line: the others are what Playwright knows of it.
    return new Error(`${(error as Error).message.split('\n', 1)[0]}\n${String(this)}`, { cause: error });
  }

  toString(): string {
    const said = this.#lines.map((line) => `\n  ${line}`).join('');
    return `${this.#end ?? 'Electron lives'}; what it said last:${said || ' nothing'}`;
  }

  #read(stream: Readable): void {
    createInterface({ input: stream }).on('line', (line) => {
      this.#lines.push(`${new Date().toISOString().slice(11, 23)} ${line}`);
      if (this.#lines.length > KEPT_LINES) this.#lines.shift();
      // What main complains of belongs beside the test that made it do so.
      if (!noise.test(line)) console.error(`[main] ${line}`);
    });
  }
}
