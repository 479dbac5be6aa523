import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

function run(script: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [`scripts/${script}.js`, ...args], { cwd: root, encoding: 'utf8' });
}

describe.each(['bench', 'docs', 'fuzz', 'playground', 'soak'])('npm run %s', (script) => {
  it('says how it is used', () => {
    expect(run(script, '--help')).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringContaining(`npm run ${script} [-- `),
    });
  });

  it('says what it does not know, and what it does, and does nothing', () => {
    const { status, stdout, stderr } = run(script, '--nonsense');
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain("Unknown option '--nonsense'");
    expect(stderr).toContain(`npm run ${script} [-- `);
  });
});

it.each([
  ['bench', '--runs=some', 'give a whole number, 1 or more'],
  ['soak', '--minutes=0', 'give a number above 0'],
  ['fuzz', '--target=main', 'give link or bridge'],
])('npm run %s %s: %s', (script, option, fix) => {
  const { status, stderr } = run(script, option);
  expect([status, stderr.split('\n', 1)[0]]).toEqual([2, `${option}: ${fix}.`]);
});
