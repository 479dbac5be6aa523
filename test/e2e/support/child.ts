import type { UtilityProcess } from 'electron';
import type { Worker } from 'node:worker_threads';
import type { Driven } from '../../../playground/src/lab/driven.js';
import type { Registration } from '../../../src/core/index.js';
import type { AttachOptions } from '../../../src/main/attachments.js';
import { Hosted } from './hosted.js';
import type { Lab, Main } from './lab.js';
import { Place } from './place.js';

type Target = UtilityProcess | Worker;

/** Main, and what it has started and not ended yet, by key: utility processes and worker threads. */
type Parent = Main & { children: Record<string, Driven<Target>>; attached: Record<string, Registration> };

let started = 0;

/** A utility process, or a worker thread of main: for main, `children[key].target`. */
export class Child extends Place {
  readonly #lab: Lab;

  private constructor(lab: Lab, key: string) {
    super(
      key,
      (text) =>
        lab.main((main, [each, script]) => (main as Parent).children[each]!.run(script, undefined) as Promise<string>, [
          key,
          text,
        ] as const),
      () =>
        lab.main(async (main, each) => {
          const { target } = (main as Parent).children[each]!;
          if ('terminate' in target) await target.terminate();
          else main.process.kill(target.pid!, 'SIGKILL');
        }, key),
    );
    this.#lab = lab;
  }

  /** Starts one. Nobody has let it in yet. */
  static async start(lab: Lab, kind: 'utility' | 'thread'): Promise<Child> {
    const key = `${kind} ${++started}`;
    await lab.main(
      (main, [each, thread]) => {
        const parent = main as Parent;
        parent.attached ??= {};
        (parent.children ??= {})[each] = thread ? main.lab.startThread() : main.lab.fork();
      },
      [key, kind === 'thread'] as const,
    );
    return new Child(lab, key);
  }

  /** Ends it as applications do: `kill()`, `terminate()`. */
  endByMain(): Promise<void> {
    return this.#lab.main((main, key) => {
      const { target } = (main as Parent).children[key]!;
      if ('terminate' in target) void target.terminate();
      else target.kill();
    }, this.key);
  }

  /** So all of them. */
  static endAll(lab: Lab): Promise<void> {
    return lab.main((main) => {
      const { children = {} } = main as Partial<Parent>;
      for (const { target } of Object.values(children)) {
        if ('terminate' in target) void target.terminate();
        else target.kill();
      }
      (main as Parent).children = {};
    });
  }

  /** Lets it in. */
  attach(options: AttachOptions = {}): Promise<void> {
    return this.#lab.main(
      (main, [key, given]) => {
        const { bridge, children, attached } = main as Parent;
        attached[key] = bridge.attach(children[key]!.target, given);
      },
      [this.key, options] as const,
    );
  }

  /** Ends that. */
  detach(): Promise<void> {
    return this.#lab.main((main, key) => (main as Parent).attached[key]!.dispose(), this.key);
  }

  /** `Date.now()` of when main was told of its end. */
  ended(): Promise<number> {
    return this.#lab.main((main, key) => (main as Parent).children[key]!.ended, this.key);
  }

  /** Starts a worker thread in the utility process, which has it as `world.lab.made[key].target`. */
  async thread(): Promise<Hosted> {
    const key = `thread ${++started}`;
    await this.run((world, each) => void ((world.lab.made ??= {})[each] = world.lab.startThread()), key);
    return new Hosted(this, key);
  }
}
