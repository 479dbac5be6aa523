import { execFile } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

it('the playground: its demonstration, driven through the controls that a person would use', async () => {
  const shots = ['first', 'graph', 'gone', 'service', 'scene', 'broker-gone', 'gateway', 'editor', 'viewer'].flatMap(
    (name) => ['light', 'dark'].map((theme) => `${root}out/playground-screenshots/${name}-${theme}.png`),
  );
  for (const shot of shots) rmSync(shot, { force: true });
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [`${root}scripts/playground.js`, '--headless', '--built'],
    { cwd: root },
  );
  expect(stdout).toMatch(/what to try first is one click away/);
  expect(stdout).toMatch(/told by a screen reader, as far as a program can say: [23]\d rules/);
  expect(stdout).toMatch(/in a narrow window, no name in the graph is covered/);
  expect(stdout).toMatch(/there, whom to talk to and how is in the first view/);
  expect(stdout).toMatch(/the service explores.*: called back 12 times/);
  expect(stdout).toMatch(/its process is killed: a call waits; .* and the same handle works/);
  expect(stdout).toMatch(
    /the canvas is clicked: both are called back, and go there: widget: \d+ steps, called back for 1 click/,
  );
  expect(stdout).toMatch(/main is blocked for 2 s, and all others go on talking/);
  expect(stdout).toMatch(/the broker is killed.*, and they come back under their old ids/);
  expect(stdout).toMatch(/the app quits, and with it all that it has started: \d+ processes/);
  expect(stdout.trim()).toMatch(/done$/);
  expect(shots.filter((shot) => !existsSync(shot))).toEqual([]);
}, 240_000);
