import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { Lab, playgroundFolder, type Main } from './support/lab.js';
import { contractNames } from './support/contract-names.js';

const source = fileURLToPath(new URL('./support', import.meta.url));

type Run = (way: string, name: string) => Promise<string>;

/** The same contracts as in test/contract, over the ports of a real Electron. */
let lab: Lab;
let page: Page;

beforeAll(async () => {
  const common = { bundle: true, logLevel: 'warning', sourcemap: 'inline' } as const;
  for (const name of ['page', 'worker']) {
    await build({
      ...common,
      entryPoints: [`${source}/contract-${name}.ts`],
      outfile: `${playgroundFolder}/pages/contract-${name}.js`,
    });
  }
  for (const name of ['main', 'utility']) {
    await build({
      ...common,
      entryPoints: [`${source}/contract-${name}.ts`],
      outfile: `${playgroundFolder}/contract-${name}.cjs`,
      platform: 'node',
      format: 'cjs',
      external: ['electron'],
    });
  }
  lab = await Lab.launch();
  page = await lab.open('a', {}, 'contract.html');
  await lab.main((main, file) => void main.lab.load(file), `${playgroundFolder}/contract-main.cjs`);
});

afterAll(() => lab?.close());

/** Where the cases run, and what is between the two ends of their ports. */
const places: Record<string, Run> = {
  'a page: DOM ports': (_, name) => inPage('direct', name),
  'a page: DOM ports through a dedicated worker': (_, name) => inPage('worker', name),
  'a dedicated worker: its own ports': (_, name) => inPage('in worker', name),
  'main: MessagePortMain': (_, name) => inMain('direct', name),
  'main: MessagePortMain through a utility process': (_, name) => inMain('utility', name),
};

function inPage(way: string, name: string): Promise<string> {
  return page.evaluate(([given, each]) => (window['runCase'] as Run)(given, each), [way, name] as const);
}

function inMain(way: string, name: string): Promise<string> {
  return lab.main((main, [given, each]) => (main as Main & { runCase: Run }).runCase(given, each), [
    way,
    name,
  ] as const);
}

describe.each(Object.entries(places))('%s', (place, run) => {
  it.each(contractNames)('%s', async (name) => {
    expect(await run(place, name)).toBe('');
  });
});
