import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import type { Bus } from '../../../src/core/bus/bus.js';
import type * as portmesh from '../../../src/node/index.js';

const library = new URL('../../../dist/node/index.js', import.meta.url).href;

const script = `
const world = { portmesh: await import(${JSON.stringify(library)}), buses: [], noted: [], load: (module) => import(module) };
process.on('message', async ([id, text, given]) => {
  try {
    process.send([id, true, await eval(text)(world, given)]);
  } catch (error) {
    process.send([id, false, String(error?.stack ?? error)]);
  }
});
process.send('ready');
`;

/** What a child has at hand. */
export interface World {
  readonly portmesh: typeof portmesh;
  readonly buses: Bus[];
  broker: portmesh.Broker;
  /** Another module, by its URL. */
  load(module: string): Promise<unknown>;
  /** For what a test wants to know later. */
  noted: unknown[];
}

/** A Node process with the build of the library, which does as it is told. It ends with the test. */
export class Child {
  readonly process: ChildProcess;
  /** Resolves with its exit code, or the signal that ended it. */
  readonly exited: Promise<number | string>;
  readonly #asked = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #lastId = 0;

  private constructor() {
    this.process = spawn(process.execPath, ['--input-type=module', '--expose-gc', '-e', script], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    this.exited = once(this.process, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
    onTestFinished(() => void this.process.kill('SIGKILL'));
    void this.exited.then(() => {
      for (const { reject } of this.#asked.values()) reject(new Error('the child has ended'));
    });
  }

  static async start(): Promise<Child> {
    const child = new Child();
    await once(child.process, 'message');
    child.process.on('message', (message) => {
      const [id, done, value] = message as [number, boolean, unknown];
      const asked = child.#asked.get(id);
      child.#asked.delete(id);
      if (done) asked?.resolve(value);
      else asked?.reject(new Error(String(value)));
    });
    return child;
  }

  /** Runs a function there: of what surrounds it here, it sees nothing. */
  run<T, G = undefined>(task: (world: World, given: G) => T | Promise<T>, given?: G): Promise<T> {
    return new Promise<unknown>((resolve, reject) => {
      this.#asked.set(++this.#lastId, { resolve, reject });
      this.process.send([this.#lastId, `(${String(task)})`, given]);
    }) as Promise<T>;
  }

  /** Stops it, as it is, in the middle of whatever it does. */
  pause(): void {
    this.process.kill('SIGSTOP');
  }

  resume(): void {
    this.process.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.exited;
  }

  /** Lets it end on its own, once nothing keeps it alive. */
  letGo(): void {
    this.process.disconnect();
  }
}
