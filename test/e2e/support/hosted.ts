import type { Driven } from '../../../playground/src/lab/driven.js';
import { Place } from './place.js';

type Target = Worker | import('node:worker_threads').Worker;

/** A page's worker, or a utility process's thread: driven by the place that made it, which has it as `lab.made[key].target`. */
export class Hosted extends Place {
  readonly #owner: Place;

  constructor(owner: Place, key: string) {
    super(
      key,
      (text) =>
        owner.run(
          ({ lab }, [each, script]) => (lab.made[each] as Driven<Target>).run(script, undefined) as Promise<string>,
          [key, text] as const,
        ),
      () => owner.run(async ({ lab }, each) => void (await (lab.made[each] as Driven<Target>).target.terminate()), key),
    );
    this.#owner = owner;
  }

  /** `Date.now()` of when its owner was told of its end; a page never is. */
  ended(): Promise<number> {
    return this.#owner.run(({ lab }, key) => (lab.made[key] as Driven<Target>).ended, this.key);
  }
}
