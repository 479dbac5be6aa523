import type { Stage } from './stage.js';

/** Something that happens to a window. */
export interface Step {
  readonly name: string;
  /** How often it happens, compared with the others that can */
  readonly weight: number;
  can(stage: Stage): boolean;
  run(stage: Stage): Promise<unknown>;
}

const MAX_SEATS = 3;
const HANG_MS = [100, 2500] as const;
const BLOCK_MS = [50, 800] as const;

/** With a page that may be ended. */
const mortal = (stage: Stage): boolean => stage.state === 'page' && !stage.lasts;

async function gone(stage: Stage): Promise<void> {
  await new Promise<void>((resolve) => stage.window.webContents.once('render-process-gone', () => resolve()));
}

export const steps: readonly [Step, ...Step[]] = [
  {
    name: 'open',
    weight: 12,
    can: ({ state }) => state === 'closed',
    run: (stage) => stage.open(),
  },
  {
    name: 'come back',
    weight: 12,
    can: ({ state }) => state === 'away' || state === 'crashed',
    run: (stage) => stage.show(),
  },
  {
    name: 'close',
    weight: 2,
    can: mortal,
    async run(stage) {
      const closed = new Promise<void>((resolve) => void stage.window.once('closed', () => resolve()));
      await stage.end(['closed'], () => stage.window.close());
      await closed;
      stage.forget();
    },
  },
  {
    name: 'destroy',
    weight: 2,
    can: (stage) => !stage.lasts && stage.state !== 'closed',
    async run(stage) {
      await stage.end(['closed'], () => stage.window.destroy());
      stage.forget();
    },
  },
  {
    name: 'crash',
    weight: 2,
    can: mortal,
    async run(stage) {
      const dead = gone(stage);
      await stage.end(['crashed'], () => stage.window.webContents.forcefullyCrashRenderer());
      await dead;
      stage.state = 'crashed';
    },
  },
  {
    name: 'kill',
    weight: 1,
    can: mortal,
    async run(stage) {
      const dead = gone(stage);
      await stage.end(['killed'], () => process.kill(stage.window.webContents.getOSProcessId(), 'SIGKILL'));
      await dead;
      stage.state = 'crashed';
    },
  },
  {
    name: 'reload',
    weight: 4,
    can: mortal,
    async run(stage) {
      const loaded = new Promise<void>(
        (resolve) => void stage.window.webContents.once('did-finish-load', () => resolve()),
      );
      await stage.end(['reloaded'], () => stage.window.webContents.reload());
      await loaded;
      await stage.sit();
    },
  },
  {
    name: 'navigate',
    weight: 2,
    can: mortal,
    async run(stage) {
      await stage.end(['navigated'], () => stage.load(`${stage.origin}/away.html`));
      stage.state = 'away';
    },
  },
  {
    name: 'go to another place of the document',
    weight: 2,
    can: ({ state }) => state === 'page',
    run: (stage) => stage.window.webContents.executeJavaScript(`history.pushState(0, '', '?${stage.random.next()}')`),
  },
  {
    name: 'hang',
    weight: 2,
    can: ({ state }) => state === 'page',
    run: (stage) => stage.call('hang', stage.random.between(...HANG_MS)),
  },
  {
    name: 'block main',
    weight: 1,
    can: ({ state }) => state === 'page',
    async run(stage) {
      const end = performance.now() + stage.random.between(...BLOCK_MS);
      while (performance.now() < end);
    },
  },
  {
    name: 'join',
    weight: 4,
    can: ({ state, seats }) => state === 'page' && seats.size < MAX_SEATS,
    run: (stage) => stage.sit(),
  },
  {
    name: 'leave',
    weight: 3,
    can: ({ state, seats }) => state === 'page' && seats.size > 0,
    async run(stage) {
      const id = stage.random.pick([...stage.seats]) as string;
      await stage.endOne(id, 'bye', () => stage.call('stand', id));
    },
  },
  {
    name: 'evict',
    weight: 2,
    can: ({ state, seats }) => state === 'page' && seats.size > 0,
    async run(stage) {
      const id = stage.random.pick([...stage.seats]) as string;
      await stage.endOne(id, 'evicted', () => {
        if (!stage.bridge.evict(id, 'soak')) throw new Error(`evict('${id}') knows no such peer`);
      });
      await stage.call('evicted', id);
    },
  },
];
