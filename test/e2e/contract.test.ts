import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from 'esbuild';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { Lab, playgroundFolder } from './support/lab.js';
import { contractNames } from './support/contract-names.js';

const source = fileURLToPath(new URL('./support', import.meta.url));

/** The same contracts as in test/contract, over the ports of a real Electron: in a page, and in the main process. */
let lab: Lab;
let page: Page;

beforeAll(async () => {
  const common = { bundle: true, logLevel: 'warning', sourcemap: 'inline' } as const;
  await build({
    ...common,
    entryPoints: [`${source}/contract-page.ts`],
    outfile: `${playgroundFolder}/pages/contract.js`,
  });
  await build({
    ...common,
    entryPoints: [`${source}/contract-main.ts`],
    outfile: `${playgroundFolder}/contract-main.cjs`,
    platform: 'node',
    format: 'cjs',
    external: ['electron'],
  });
  writeFileSync(`${playgroundFolder}/pages/contract.html`, '<!doctype html><script src="contract.js"></script>');
  lab = await Lab.launch();
  page = await lab.open('a', {}, 'contract.html');
  await lab.main(
    (main, file) => void (main as never as { lab: { load(file: string): unknown } }).lab.load(file),
    `${playgroundFolder}/contract-main.cjs`,
  );
});

afterAll(() => lab?.close());

describe.each(['a page: DOM ports', 'main: MessagePortMain'])('%s', (place) => {
  it.each(contractNames)('%s', async (name) => {
    const problem = place.startsWith('a page')
      ? await page.evaluate((each) => (window['runCase'] as (name: string) => Promise<string>)(each), name)
      : await lab.main(
          (main, each) => (main as never as { runCase(name: string): Promise<string> }).runCase(each),
          name,
        );
    expect(problem).toBe('');
  });
});
