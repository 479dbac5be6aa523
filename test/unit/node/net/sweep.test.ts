import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { sweep } from '../../../../src/node/net/sweep.js';
import { folder, leaveBehind, listening } from '../../support/net.js';

/** Of a process that is gone. */
const dead = spawnSync(process.execPath, ['-e', '']).pid;
const alive = process.ppid;
const random = 'abcdef012345';

let top: string;
beforeEach(() => void (top = folder()));

/** The socket of a process that was killed a while ago. */
async function left(name: string): Promise<void> {
  await leaveBehind(join(top, name));
  utimesSync(join(top, name), 0, 0);
}

it('removes the sockets of dead processes', async () => {
  await left(`${dead}-${random}`);
  await left(`${dead}-${'0'.repeat(12)}`);
  await sweep(top);
  expect(readdirSync(top)).toEqual([]);
});

it.runIf(process.platform === 'linux')('removes that of an earlier process with the number of this one', async () => {
  await left(`${process.pid}-${random}`);
  await sweep(top);
  expect(readdirSync(top)).toEqual([]);
});

it('leaves what is alive', async () => {
  // Of a process that can't be seen from here, in another container; of this one; and one that is just about to listen.
  for (const name of [`${dead}-${random}`, `${process.pid}-${random}`]) {
    await listening({ path: join(top, name) });
    utimesSync(join(top, name), 0, 0);
  }
  await left(`${alive}-${random}`);
  const before = readdirSync(top);
  await sweep(top);
  expect(readdirSync(top)).toEqual(before);
});

it('leaves what is new: it may be about to be listened at', async () => {
  await leaveBehind(join(top, `${dead}-${random}`));
  await sweep(top);
  expect(readdirSync(top)).toEqual([`${dead}-${random}`]);
});

it('leaves what is no socket of ours', async () => {
  for (const name of ['link', `${dead}`, `${dead}-abc`, `${dead}-${random}0`, `0-${random}`, `-${dead}-${random}`]) {
    await left(name);
  }
  writeFileSync(join(top, `${dead}-${random}`), 'precious');
  mkdirSync(join(top, `${dead}-${'1'.repeat(12)}`));
  for (const name of readdirSync(top)) utimesSync(join(top, name), 0, 0);
  const before = readdirSync(top);
  await sweep(top);
  expect(readdirSync(top)).toEqual(before);
});

it('takes no offence at a directory that is gone', async () => {
  expect(await sweep(join(top, 'gone'))).toBeUndefined();
});

it('ends after some: the rest is for others', async () => {
  const name = (n: number): string => `${dead}-${n.toString(16).padStart(12, '0')}`;
  for (let n = 0; n < 300; n++) await left(name(n));
  await sweep(top);
  expect(readdirSync(top)).toHaveLength(300 - 256);
  await sweep(top);
  expect(readdirSync(top)).toEqual([]);
});
