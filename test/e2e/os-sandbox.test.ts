import { readFileSync, readlinkSync } from 'node:fs';
import { expect, it } from 'vitest';
import { useLab } from './support/set-up.js';

const lab = useLab();

it("joins and talks with Chromium's own sandbox around every renderer", async (context) => {
  const { flags, pid } = await lab.main(() => ({ flags: process.argv, pid: process.pid }));
  const off = flags.includes('--no-sandbox');
  // Whoever asked for it must not get a run without.
  context.skip(
    off && !process.env.PORTMESH_OS_SANDBOX,
    'the sandbox is off: this is root, or there are no user namespaces. See --os-sandbox',
  );
  expect(off).toBe(false);

  const [a, b] = [await lab.join('a'), await lab.join('b')];
  await a.evaluate(() => void window.bus.handle('double', (_, n: number) => n * 2));
  expect(await b.evaluate(() => window.bus.request('double', 21))).toBe(42);

  if (process.platform !== 'linux') return;
  const renderers = await lab.main((main) =>
    main.lab.BrowserWindow.getAllWindows().map(({ webContents }) => webContents.getOSProcessId()),
  );
  expect(renderers.length).toBe(2);
  expect(statusOf(pid)).not.toMatch(/^Uid:\s+0\b/m);
  for (const renderer of renderers) {
    // System calls are filtered, privileges can't be gained, and it sees no user and no process of the machine's.
    expect(statusOf(renderer)).toMatch(/^Seccomp:\s+2$/m);
    expect(statusOf(renderer)).toMatch(/^NoNewPrivs:\s+1$/m);
    for (const namespace of ['user', 'pid', 'net']) {
      expect(readlinkSync(`/proc/${renderer}/ns/${namespace}`)).not.toBe(readlinkSync(`/proc/self/ns/${namespace}`));
    }
  }
  console.log(
    `os-sandbox: renderers ${renderers.join(', ')}: Seccomp 2, NoNewPrivs 1, user, pid and net namespaces of their own`,
  );
});

function statusOf(pid: number): string {
  return readFileSync(`/proc/${pid}/status`, 'utf8');
}
