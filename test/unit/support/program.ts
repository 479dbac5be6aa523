import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

const net = JSON.stringify(new URL('../../../dist/node/net/', import.meta.url).href);

/** A Node process that runs `script`, an ES module, where `net('listen.js')` imports of the build. */
export class Program {
  readonly child: ChildProcess;
  readonly exited: Promise<number | NodeJS.Signals>;
  readonly #lines: AsyncIterator<string>;

  constructor(script: string) {
    const whole = `const net = (file) => import(${net} + file);\n${script}`;
    this.child = spawn(process.execPath, ['--input-type=module', '-e', whole], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.exited = once(this.child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
    this.#lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
    onTestFinished(() => void this.child.kill('SIGKILL'));
  }

  /** The next line it prints. */
  async line(): Promise<string | undefined> {
    return (await this.#lines.next()).value as string | undefined;
  }
}
