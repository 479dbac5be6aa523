import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { limited } from '../contest/limited.js';
import type { ChildApi } from './api.js';
import { Control } from './control.js';
import { pathIn } from './paths.js';

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

const LIMIT_MS = 120_000;

/** So that nobody pays for the garbage of what was measured before. */
const NODE_OPTIONS = ['--expose-gc'];

/** A process of the bench, which offers its functions by name, with plain arguments. */
export class Process {
  readonly name: string;
  readonly #control: Control;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(name: string, control: Control) {
    this.name = name;
    this.#control = control;
  }

  call<K extends keyof ChildApi>(name: K, ...args: Parameters<ChildApi[K]>): Promise<Awaited<ReturnType<ChildApi[K]>>> {
    const done = new Promise<Awaited<ReturnType<ChildApi[K]>>>((resolve, reject) => {
      const id = ++this.#lastId;
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      this.#control.post(id, name, args);
    });
    return limited(done, `${name}() in the process '${this.name}'`, LIMIT_MS);
  }

  answered(id: number, value: unknown, failure?: string): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (failure === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(failure));
  }

  ended(): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(`the process '${this.name}' has ended`));
    this.#waiting.clear();
  }
}

/** All processes of the bench, and where their sockets are. They end when this one does. */
export class Processes {
  readonly #folder: string;
  readonly #program: string;
  readonly #control: string;
  readonly #connected = new Map<string, Process>();
  readonly #expected = new Map<string, (process: Process) => void>();
  readonly #server = createServer();
  #used = 0;
  #asked = 0;

  /**
   * @param folder for their sockets
   * @param program what they run: child.cjs
   */
  constructor(folder: string, program: string) {
    this.#folder = folder;
    this.#program = program;
    this.#control = pathIn(folder, 'control');
  }

  async open(): Promise<void> {
    this.#server.on('connection', (socket) => {
      let connected: Process | undefined;
      const control = new Control(socket, ([first, ...rest]) => {
        if (connected) return connected.answered(first as number, ...(rest as [unknown, string?]));
        connected = new Process(first as string, control);
        this.#connected.set(connected.name, connected);
        this.#expected.get(connected.name)?.(connected);
      });
      socket.on('error', () => {}); // `close` follows
      socket.on('close', () => {
        if (connected) this.#connected.delete(connected.name);
        connected?.ended();
      });
    });
    await new Promise<void>((resolve) => this.#server.listen(this.#control, resolve));
  }

  /** The share of the machine that they have used since it was asked last, from 0 to 1. */
  async ownShare(): Promise<number> {
    const all = await Promise.all([...this.#connected.values()].map((each) => each.call('used')));
    const used = all.reduce((sum, each) => sum + each, 0);
    const [spent, time] = [used - this.#used, performance.now() - this.#asked];
    this.#used = used;
    this.#asked = performance.now();
    return spent / (time * cpus().length);
  }

  /** A process of that name: started here if there is none. */
  async start(name: string): Promise<Process> {
    return (
      this.#connected.get(name) ??
      this.expect(name, () => {
        spawn(process.execPath, [...NODE_OPTIONS, this.#program, this.#control, name], {
          env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' }, // if it is Electron that starts it
          stdio: ['ignore', 'inherit', 'inherit'],
        });
      })
    );
  }

  /** A process of that name, which `begin` lets somebody start. */
  expect(name: string, begin: () => unknown): Promise<Process> {
    const come = new Promise<Process>((resolve, reject) => {
      this.#expected.set(name, resolve);
      Promise.resolve(begin()).catch(reject);
    });
    return limited(come, `the start of the process '${name}'`);
  }

  /** A folder for sockets. */
  folder(name: string): string {
    const folder = join(this.#folder, name);
    mkdirSync(folder, { recursive: true });
    return folder;
  }
}
