import type * as core from '../../../src/core/index.js';
import type * as node from '../../../src/node/index.js';
import type * as renderer from '../../../src/renderer/index.js';

/** The globals of a place, as far as the tests use them. */
export interface World {
  lab: typeof core &
    typeof renderer & {
      /** In a utility process, or a thread: the way to its owner. */
      via?: Parameters<typeof node.connect>[0]['via'];
    };
  bus: core.Bus;
  [test: string]: unknown;
}

/** Somewhere code runs: a frame, a worker, a process. A test drives all of them in the same way. */
export class Place {
  readonly #evaluate: (text: string) => Promise<string>;

  /** @param evaluate runs a script there, and gives the text that it resolves with */
  constructor(evaluate: (text: string) => Promise<string>) {
    this.#evaluate = evaluate;
  }

  /** Runs a function there; it travels as text, its argument and its result as JSON. */
  async run<T, A = undefined>(run: (world: World, arg: A) => T | Promise<T>, arg?: A): Promise<T> {
    const answer = JSON.parse(await this.#evaluate(script(run, arg))) as { value?: T; error?: string };
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.value as T;
  }

  /** Joins the mesh there; its bus is the world's `bus`. Returns its id. */
  join(name?: string, options: { owner?: string; timeout?: number } = {}): Promise<string> {
    return this.run(
      async (world, given) => {
        const { via } = world.lab;
        world.bus = await world.lab.connect(Object.assign(given, via && { via }));
        return world.bus.self.id;
      },
      { ...(name !== undefined && { name }), ...options },
    );
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
}

/** Wherever it is evaluated, it resolves with a text. */
function script(run: (world: World, arg: never) => unknown, arg: unknown): string {
  return (
    `(async () => (${run.toString()})(globalThis, ${JSON.stringify(arg) ?? 'undefined'}))().then(` +
    `(value) => JSON.stringify({ value }), (error) => JSON.stringify({ error: String((error && error.stack) || error) }))`
  );
}
