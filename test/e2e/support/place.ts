import type { Driven } from '../../../playground/src/lab/driven.js';
import type * as core from '../../../src/core/index.js';
import type { connect as connectInNode, share as shareInNode } from '../../../src/node/index.js';
import type * as renderer from '../../../src/renderer/index.js';
import type * as service from '../../../src/service/index.js';

/** The globals of a place, as far as the tests use them. */
export interface World {
  lab: typeof core &
    typeof renderer &
    typeof service & {
      readonly Driven: typeof Driven;
      readonly comlink: typeof import('../../../src/comlink/index.js') & { readonly stock: typeof import('comlink') };
      /** In a utility process, or a thread: the way to its owner. */
      via?: Parameters<typeof connectInNode>[0]['via'];
      /** In a utility process: makes a thread of its own. */
      startThread(): Driven<import('node:worker_threads').Worker>;
      /** The frames, workers and threads that were made there, by their keys. */
      made: Record<string, HTMLIFrameElement | Driven<unknown>>;
      /** What ends that one of them is shared. */
      shared: Record<string, { dispose(): void }>;
    };
  bus: core.Bus;
  [test: string]: unknown;
}

/** Somewhere code runs: a frame, a worker, a process, main. A test drives all of them in the same way. */
export class Place {
  /** What it has joined as. */
  name = '';
  /** What it is called where it was made. */
  readonly key: string;
  /** Ends it in the middle of whatever it does: the renderer's process, the utility process, the worker, the thread. */
  readonly kill: () => Promise<void>;
  readonly #evaluate: (text: string) => Promise<string>;

  /** @param evaluate makes a function of a text there, calls it, and gives the text that it resolves with */
  constructor(
    key: string,
    evaluate: (text: string) => Promise<string>,
    kill: () => Promise<void> = () => Promise.reject(new Error(`${key} can't be ended`)),
  ) {
    this.key = key;
    this.#evaluate = evaluate;
    this.kill = kill;
  }

  /** Runs a function there; it travels as text, its argument and its result as JSON. */
  async run<T, A = undefined>(run: (world: World, arg: A) => T | Promise<T>, arg?: A): Promise<T> {
    const answer = JSON.parse(await this.#evaluate(script(run, arg))) as { value?: T; error?: string };
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.value as T;
  }

  /** Joins the mesh there; its bus is the world's `bus`. Returns its id. */
  async join(name?: string, options: { owner?: string; timeout?: number } = {}): Promise<string> {
    const self = await this.run(
      async (world, given) => {
        const { via } = world.lab;
        world.bus = await world.lab.connect(Object.assign(given, via && { via }));
        return { id: world.bus.self.id, name: world.bus.self.name };
      },
      { ...(name !== undefined && { name }), ...options },
    );
    this.name = self.name;
    return self.id;
  }

  /** As `join`, where it is expected to fail: the error's code and message. */
  refused(name: string, options: { owner?: string; timeout?: number } = {}): Promise<string> {
    return this.run(
      (world, given) => {
        const { via } = world.lab;
        return world.lab.connect(Object.assign(given, via && { via })).then(
          () => 'it is in',
          (error) => `${error.code}: ${error.message}`,
        );
      },
      { name, ...options },
    );
  }

  /** Shares a frame, a worker or a thread that was made there. */
  share(made: Place, options: Partial<renderer.ShareFrameOptions> = {}): Promise<void> {
    return this.run(
      ({ lab }, [key, given]) => {
        const { share, via, made } = lab;
        const child = made[key]!;
        const target = ('target' in child ? child.target : child) as never;
        (lab.shared ??= {})[key] = (share as typeof shareInNode)(target, { ...given, ...(via && { via }) } as never);
      },
      [made.key, options] as const,
    );
  }

  /** Ends that. */
  unshare(made: Place): Promise<void> {
    return this.run(({ lab }, key) => lab.shared[key]!.dispose(), made.key);
  }
}

/** A function, as text: it calls the given one with the world, and resolves with a text. */
function script(run: (world: World, arg: never) => unknown, arg: unknown): string {
  return (
    `(world = globalThis) => (async () => (${run.toString()})(world, ${JSON.stringify(arg) ?? 'undefined'}))().then(` +
    `(value) => JSON.stringify({ value }), (error) => JSON.stringify({ error: String((error && error.stack) || error) }))`
  );
}
