import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** All temporary files of a run, those of processes that are killed in it too, are in one directory, which goes with it. */
export default function setup(): () => void {
  const before = process.env['TMPDIR'];
  const path = mkdtempSync(join(tmpdir(), 'portmesh-tests-'));
  // As the one it stands for: processes of other users are started too.
  chmodSync(path, 0o1777);
  process.env['TMPDIR'] = path;
  return () => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    rmSync(path, { recursive: true, force: true });
  };
}
