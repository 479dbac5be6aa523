import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { ensureDisplay } from '../../../../scripts/electron/display.js';

/** A display that sleeps through the first word that it should end. */
const DEAF = `#!/bin/sh
trap '[ "$told" ] && exit; told=1' TERM
echo 99 >&3
exec 3>&-
while :; do sleep 0.01; done
`;

it.runIf(process.platform === 'linux')('a display ends, though the first signal was lost on it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'portmesh-display-'));
  writeFileSync(join(folder, 'Xvfb'), DEAF, { mode: 0o755 });
  vi.stubEnv('PATH', folder + delimiter + process.env['PATH']);
  try {
    const { env, stop } = await ensureDisplay({ headless: true });
    expect(env).toEqual({ DISPLAY: ':99' });
    await stop();
  } finally {
    vi.unstubAllEnvs();
  }
});
