import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { Lab, type StartOptions } from './lab.js';
import { Places } from './places.js';

/** How a file, or a suite of it, uses an Electron. */
export interface Use {
  /** The bridge's options; `false` if the tests start it. @default those of `start()` */
  readonly bridge?: StartOptions | false;
  /** Whether each test has a bridge of its own, or the whole suite one. @default 'test' */
  readonly per?: 'test' | 'suite';
  /** Of the bridge's state at the end, what is not nothing. */
  readonly left?: object;
}

const nothing = { peers: [], documents: 0, departing: 0, watched: 0, attached: 0, malformed: 0 };

/** An Electron for a file, or for a suite of it, with a bridge of which nothing must be left at the end. */
export function useLab(use: Use = {}): Lab {
  const lab = new Lab();
  using(lab, () => lab.stop(), use);
  return lab;
}

/** As `useLab`, with places of all kinds. */
export function usePlaces(use: Use = {}): Places {
  const places = new Places(new Lab());
  using(places.lab, () => places.stop(), use);
  return places;
}

function using(lab: Lab, stop: () => Promise<object>, { bridge = {}, per = 'test', left }: Use): void {
  const start = async (): Promise<void> => {
    if (bridge) await lab.start(bridge);
  };
  const end = async (): Promise<void> => expect(await stop()).toMatchObject({ ...nothing, ...left });
  beforeAll(async () => {
    await lab.launch();
    if (per === 'suite') await start();
  });
  afterAll(async () => {
    try {
      if (per === 'suite') await end();
    } finally {
      await lab.close();
    }
  });
  beforeEach(({ onTestFailed }) => {
    lab.diary?.begin();
    onTestFailed(() => console.error(String(lab.diary)));
  });
  if (per === 'suite') return;
  beforeEach(start);
  afterEach(end);
}
