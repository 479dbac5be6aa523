import type { Bridge } from 'portmesh/main';
import { Random } from '../random.js';
import type { Seat } from '../talk/seat.js';
import { Stage } from './stage.js';
import { steps } from './steps.js';
import type { Watch } from './watch.js';

const WINDOWS = 10;
/** Those that stay open, to be measured. */
const LASTING = 2;
/** Milliseconds between two steps, at most */
const PAUSE_MS = 400;
const PATIENCE_MS = 15_000;
const POLL_MS = 20;

/** Drives the windows at random, and checks what all of them see. */
export class Conductor {
  readonly stages: readonly Stage[];
  readonly #bridge: Bridge;
  readonly #random: Random;
  readonly #watch: Watch;
  readonly #main: Seat;
  readonly #there = new Map<string, string>();

  constructor(bridge: Bridge, main: Seat, seed: number, watch: Watch) {
    this.#bridge = bridge;
    this.#main = main;
    this.#watch = watch;
    this.#random = new Random(seed);
    this.stages = Array.from(
      { length: WINDOWS },
      (_, i) => new Stage(`w${i}`, i < LASTING, bridge, new Random(this.#random.between(0, 2 ** 32 - 1)), watch),
    );
    for (const { id, name } of bridge.peers) this.#there.set(id, name);
    bridge.on('join', ({ id, name }) => {
      if (this.#there.has(id)) watch.violation(`the bridge said twice that ${id} joined`);
      this.#there.set(id, name);
    });
    bridge.on('leave', ({ id, name }, reason) => {
      const stage = this.stages.find((each) => name.startsWith(`${each.name}-`));
      if (!this.#there.delete(id)) watch.violation(`the bridge said that ${id} left, which is not there`);
      else if (stage ? !stage.mayLeave(id, reason) : reason !== 'bye')
        watch.violation(`${id} of ${name} left: ${reason}`);
      stage?.left(id);
    });
  }

  get lasting(): readonly Stage[] {
    return this.stages.filter(({ lasts }) => lasts);
  }

  get seats(): number {
    return this.stages.reduce((sum, { seats }) => sum + seats.size, 0);
  }

  get windows(): number {
    return this.stages.filter(({ state }) => state !== 'closed').length;
  }

  /** Everybody opens and talks. */
  async begin(): Promise<void> {
    this.#main.talk();
    for (const stage of this.stages) if (stage.state === 'closed') await this.#run(stage, 'open');
    for (const stage of this.stages) if (stage.state === 'page') await stage.call('talk');
  }

  /** One step after the other, several at work at a time, until the time is over. */
  async drive(until: number): Promise<void> {
    while (performance.now() < until && this.#watch.violations.length === 0) {
      const stage = this.#random.pick(this.stages.filter(({ busy }) => !busy));
      const possible = stage ? steps.filter(({ can }) => can(stage)) : [];
      const [first, ...rest] = possible;
      if (stage && first) void this.#run(stage, this.#random.weighted([first, ...rest]).name);
      await sleep(this.#random.between(0, PAUSE_MS));
    }
    await this.#until(() => this.stages.every(({ busy }) => !busy), 'the steps at work end');
  }

  /** With no step at work: everybody sees whom the bridge sees, in the directory and by the news. */
  async audit(): Promise<void> {
    let problem = '';
    await this.#until(
      async () => (problem = await this.#views()) === '',
      () => `everybody sees the same peers: ${problem}`,
    );
    const { peers, documents, departing } = this.#bridge.state();
    const pages = this.stages.filter(({ seats }) => seats.size > 0).length;
    if (documents !== pages || departing !== 0 || peers.length !== this.seats + 1) {
      this.#watch.violation(
        `the bridge's tables: ${documents} documents of ${pages}, ${departing} departing, ${peers.length} peers of ${this.seats + 1}`,
      );
    }
  }

  /** All are silent; then nobody holds anything any more. */
  async calm(): Promise<void> {
    this.#main.hush();
    const pages = this.stages.filter(({ state }) => state === 'page');
    await Promise.all([...pages.map((stage) => stage.call('hush')), this.#main.settled()]);
    let held = '';
    await this.#until(
      async () => {
        const all = await Promise.all([...pages.map((stage) => stage.call('held')), this.#main.held()]);
        return (held = all.filter(Boolean).join('; ')) === '';
      },
      () => `nobody holds anything: ${held}`,
    );
  }

  /** Closes all windows but those that last. */
  async empty(): Promise<void> {
    for (const stage of this.stages) if (!stage.lasts && stage.state !== 'closed') await this.#run(stage, 'destroy');
    await this.audit();
  }

  /** Ends everything; nothing is left in any table. */
  async end(): Promise<void> {
    for (const stage of this.lasting) await stage.end(['closed'], () => stage.window.destroy());
    let left = '';
    await this.#until(
      () => (left = this.#left()) === '',
      () => `the tables of the bridge, and of main's bus, are empty: ${left}`,
    );
    await this.#main.leave();
    await this.#bridge.close();
    if (this.#there.size > 0) this.#watch.violation(`no leave was told of ${[...this.#there.keys()].join(', ')}`);
  }

  /** What the bridge, and main's bus, still hold of the others, in words. */
  #left(): string {
    const { peers, channels, departing, documents, watched } = this.#bridge.state();
    const me = this.#main.bus.self.id;
    const strange = Object.values(channels).flatMap(({ listens, handles }) => [...listens, ...handles]);
    const counts = {
      ...{ departing, documents, watched, links: this.#main.bus.load.links },
      peers: peers.length - 1,
      'channels of peers that are gone': strange.filter((id) => id !== me).length,
    };
    return Object.entries(counts)
      .filter(([, count]) => count !== 0)
      .map(([what, count]) => `${count} ${what}`)
      .join(', ');
  }

  async #run(stage: Stage, name: string): Promise<void> {
    const step = steps.find((each) => each.name === name);
    this.#watch.step(`${stage.name}: ${name}`);
    this.#watch.count(`step: ${name}`);
    stage.busy = true;
    try {
      await step?.run(stage);
    } catch (error) {
      this.#watch.violation(`${stage.name}: ${name}: ${error instanceof Error ? error.stack : String(error)}`);
    }
    stage.busy = false;
  }

  /** Whose view differs, in words; empty if nobody's does. */
  async #views(): Promise<string> {
    const main = { directory: [...this.#main.bus.peers].map(({ id }) => id).sort(), news: this.#main.roster.ids };
    const all = Object.assign(
      { [this.#main.bus.self.id]: main },
      ...(await Promise.all(this.stages.filter(({ state }) => state === 'page').map((stage) => stage.call('views')))),
    ) as Record<string, typeof main>;
    for (const [id, view] of Object.entries(all)) {
      const others = Object.keys(all).filter((each) => each !== id);
      for (const [source, ids] of Object.entries(view)) {
        if (ids.join() !== others.sort().join())
          return `the ${source} of ${id} has ${ids.join()}, not ${others.join()}`;
      }
    }
    return '';
  }

  async #until(holds: () => boolean | Promise<boolean>, what: string | (() => string)): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!(await holds())) {
      if (performance.now() < deadline) await sleep(POLL_MS);
      else throw new Error(`not within ${PATIENCE_MS / 1000} s: ${typeof what === 'string' ? what : what()}`);
    }
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
