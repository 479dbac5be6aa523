import type { Page } from 'playwright-core';
import type * as core from '../../../src/core/index.js';
import type { Grant } from '../../../src/core/directory/grant.js';
import { type Lab, playgroundFolder, type Main } from './lab.js';

/** The globals of a place: the library, its own seat, and whatever a test puts there. */
export interface Here {
  readonly lab: typeof core;
  bus: core.Bus;
  [test: string]: unknown;
}

/** Where code can run that takes part in the mesh. */
export const kinds = ['window', 'main', 'utility', 'worker', 'thread', 'main’s thread'] as const;

export type Kind = (typeof kinds)[number];

type Run = (text: string, argument: unknown) => Promise<unknown>;

type Evaluate = (text: string, arg: unknown) => Promise<unknown>;

/** One place, which has joined under its name. */
export class Place {
  readonly kind: Kind;
  readonly name: string;
  /** Ends its process or thread, in the middle of whatever it does. */
  readonly kill: () => Promise<void>;
  readonly #evaluate: Evaluate;

  constructor(kind: Kind, name: string, evaluate: Evaluate, kill: () => Promise<void>) {
    this.kind = kind;
    this.name = name;
    this.kill = kill;
    this.#evaluate = evaluate;
  }

  /** Runs a function there. It travels as text: variables of this world reach it through `arg` only. */
  run<T, A>(does: (here: Here, arg: A) => T | Promise<T>, arg?: A): Promise<T> {
    return this.#evaluate(does.toString(), arg) as Promise<T>;
  }
}

/** A window's place, and its page. */
export class WindowPlace extends Place {
  readonly page: Page;
  readonly #lab: Lab;

  constructor(lab: Lab, page: Page, name: string) {
    super(
      'window',
      name,
      (text, arg) => page.evaluate(expression(text, arg)),
      () => withContents(lab, page, (contents) => contents.forcefullyCrashRenderer()),
    );
    this.page = page;
    this.#lab = lab;
  }

  reload(): Promise<void> {
    return withContents(this.#lab, this.page, (contents) => contents.reload());
  }

  navigate(): Promise<void> {
    return withContents(this.#lab, this.page, (contents) => void contents.loadURL('app://elsewhere/blank.html'));
  }
}

/** What the driver keeps in the main process. */
interface Kept {
  /** Of utility processes and of threads of main, by their place's name */
  driven: Record<string, { run: Run }>;
}

/** All the places of a test. */
export class Places {
  readonly #lab: Lab;

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  /** Makes a place of that kind and joins it, with what has to be around it. */
  async make(kind: Kind, name: string = kind): Promise<Place> {
    switch (kind) {
      case 'window':
        return this.window(name);
      case 'main':
        return this.main(name);
      case 'utility':
        return this.utility(name);
      case 'worker':
        return this.worker(await this.window(`owner of ${name}`), name);
      case 'thread':
        return this.thread(await this.utility(`host of ${name}`), name);
      case 'main’s thread':
        return this.threadOfMain(name);
    }
  }

  async window(name: string, host = 'a'): Promise<WindowPlace> {
    const page = await this.#lab.open(host);
    const place = new WindowPlace(this.#lab, page, name);
    await place.run(async (_, given) => void (window.bus = await window.lab.connect({ name: given })), name);
    return place;
  }

  /** A seat in main; several are several places. */
  async main(name = 'main'): Promise<Place> {
    await this.#lab.main(async (main, given) => {
      const here = Object.create(main) as Here; // what it keeps is its own
      here.bus = await main.bridge.connect({ name: given });
      Object.assign(((main as never as { seats: object }).seats ??= {}), { [given]: here });
    }, name);
    return new Place(
      'main',
      name,
      (text, arg) =>
        this.#lab.main(
          (main, [which, code, given]) =>
            (0, eval)(`(${code})`)((main as never as { seats: Record<string, Here> }).seats[which], given),
          [name, text, arg] as const,
        ),
      () => Promise.reject(new Error('main can not be ended')),
    );
  }

  /** @param grant what `attach` is given */
  async utility(name: string, grant?: Grant): Promise<Place> {
    await this.#lab.main(
      (main, [given, granted]) => {
        const { lab, bridge } = main as Main & { lab: { fork(): { target: never } } };
        const driven = lab.fork();
        bridge.attach(driven.target, granted ? { grant: granted } : {});
        Object.assign(((main as never as Kept).driven ??= {}), { [given]: driven });
      },
      [name, grant] as const,
    );
    const place = this.#driven('utility', name, async () => {
      await this.#lab.main((main, given) => {
        const { target } = (main as never as { driven: Record<string, { target: { pid: number } }> }).driven[given]!;
        main.process.kill(target.pid, 'SIGKILL');
      }, name);
    });
    return join(place);
  }

  /** A dedicated worker of a window's page. */
  async worker(owner: WindowPlace, name: string): Promise<Place> {
    await owner.run((here, given) => {
      const worker = new Worker('lab-worker.js');
      window.lab.share(worker);
      let last = 0;
      here[`run in ${given}`] = (text: string, argument: unknown) =>
        new Promise((resolve, reject) => {
          const id = ++last;
          worker.addEventListener('message', function hear({ data }: MessageEvent<unknown>) {
            if (!Array.isArray(data) || data[0] !== 'lab:ran' || data[1] !== id) return;
            worker.removeEventListener('message', hear);
            if (data[2]) resolve(data[3]);
            else reject(new Error(String(data[3])));
          });
          worker.postMessage(['lab:run', id, text, argument]);
        });
      here[`end ${given}`] = () => worker.terminate();
    }, name);
    const place = new Place(
      'worker',
      name,
      (text, arg) =>
        owner.run(
          (here, [which, code, given]) =>
            (here[`run in ${which}`] as Run)(`(given) => (${code})(globalThis, given)`, given),
          [name, text, arg] as const,
        ),
      () => owner.run((here, which) => (here[`end ${which}`] as () => void)(), name),
    );
    await place.run(async (here, given) => {
      const { connect } = here.lab as never as typeof window.lab;
      here.bus = await connect({ name: given });
    }, name);
    return place;
  }

  /** A worker thread of a utility process. */
  async thread(host: Place, name: string): Promise<Place> {
    const index = await host.run((here) => {
      const lab = here.lab as never as NodeLab;
      const made = lab.makeThread();
      lab.share(lab.threads[made]!.target, { via: lab.via });
      return made;
    });
    const place = new Place(
      'thread',
      name,
      (text, arg) =>
        host.run(
          (here, [code, given, which]) => {
            const { threads } = here.lab as never as NodeLab;
            return threads[which]!.run(`(given) => (${code})(globalThis, given)`, given);
          },
          [text, arg, index] as const,
        ),
      () =>
        host.run(
          async (here, which) => void (await (here.lab as never as NodeLab).threads[which]!.target.terminate()),
          index,
        ),
    );
    return join(place);
  }

  async threadOfMain(name: string): Promise<Place> {
    await this.#lab.main(
      (main, [given, file]) => {
        const { Worker } = main.lab.load('node:worker_threads') as typeof import('node:worker_threads');
        const worker = new Worker(file);
        main.bridge.attach(worker);
        const asked = new Map<number, [(result: unknown) => void, (error: Error) => void]>();
        worker.on('message', (data: unknown) => {
          if (!Array.isArray(data) || data[0] !== 'lab:ran') return;
          const [, id, done, result] = data as [string, number, boolean, unknown];
          const [resolve, reject] = asked.get(id)!;
          if (done) resolve(result);
          else reject(new Error(String(result)));
        });
        let last = 0;
        const driven = {
          target: worker,
          run: (text: string, argument: unknown) =>
            new Promise((resolve, reject) => {
              asked.set(++last, [resolve, reject]);
              worker.postMessage(['lab:run', last, text, argument]);
            }),
        };
        Object.assign(((main as never as Kept).driven ??= {}), { [given]: driven });
      },
      [name, `${playgroundFolder}/lab-thread.cjs`] as const,
    );
    const place = this.#driven('main’s thread', name, async () => {
      await this.#lab.main(async (main, given) => {
        const { driven } = main as never as { driven: Record<string, { target: { terminate(): Promise<number> } }> };
        await driven[given]!.target.terminate();
      }, name);
    });
    return join(place);
  }

  /** Ends the processes and threads of a test. What the windows are, the lab ends. */
  async end(): Promise<void> {
    await this.#lab.main((main) => {
      type Target = { terminate?(): void; kill?(): void };
      const { driven = {} } = main as never as { driven?: Record<string, { target: Target }> };
      for (const { target } of Object.values(driven)) (target.terminate ?? target.kill)?.call(target);
      delete (main as never as Partial<Kept>).driven;
    });
  }

  #driven(kind: Kind, name: string, kill: () => Promise<void>): Place {
    const evaluate: Evaluate = (text, arg) =>
      this.#lab.main(
        (main, [code, given, which]) =>
          (main as never as Kept).driven[which]!.run(`(given) => (${code})(globalThis, given)`, given),
        [text, arg, name] as const,
      );
    return new Place(kind, name, evaluate, kill);
  }
}

interface NodeLab {
  readonly via: never;
  connect(options: { via: unknown; name: string }): Promise<core.Bus>;
  makeThread(): number;
  share(worker: unknown, options: { via: unknown }): void;
  readonly threads: readonly {
    readonly target: { terminate(): Promise<number> };
    run: Run;
  }[];
}

/** Joins a process or a thread of Node's. */
async function join(place: Place): Promise<Place> {
  await place.run(async (here, name) => {
    const lab = here.lab as never as NodeLab;
    here.bus = await lab.connect({ via: lab.via, name });
  }, place.name);
  return place;
}

/** No `eval` in a page: its policy forbids it. */
function expression(text: string, arg: unknown): string {
  return `(${text})(globalThis, ${JSON.stringify(arg) ?? 'undefined'})`;
}

function withContents(lab: Lab, page: Page, act: (contents: Electron.WebContents) => void): Promise<void> {
  return lab.main(
    (main, [url, text]) => {
      const { webContents } = main.lab.BrowserWindow.getAllWindows().find((each) => each.webContents.getURL() === url)!;
      (0, eval)(`(${text})`)(webContents);
    },
    [page.url(), act.toString()] as const,
  );
}
