import { link } from 'node:fs/promises';
import { lstatSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { rejection } from '../../../contract/case.js';
import { folder, heard, leaveBehind, listening, raw } from '../../support/net.js';

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return { ...real, link: vi.fn<typeof link>(real.link) };
});

/** As a file system that has no second links to a file. */
function withoutLinks(): void {
  vi.mocked(link).mockRejectedValue(Object.assign(new Error('not supported'), { code: 'ENOTSUP' }));
}

describe('where the file system has no links', () => {
  beforeEach(withoutLinks);

  it('listens, replaces what a dead process has left, and leaves nothing', async () => {
    const path = join(folder(), 'socket');
    for (const each of ['the first', 'the second']) {
      const place = await listening({ path }, (socket) => void socket.end(each));
      expect(lstatSync(path).mode & 0o777).toBe(0o600);
      expect(await heard(await raw({ path }))).toBe(each);
      await place.close();
      expect(readdirSync(dirname(path))).toEqual([]);
      await leaveBehind(path);
    }
  });

  it('refuses what is taken, and what is no socket', async () => {
    const path = join(folder(), 'socket');
    const place = await listening({ path });
    expect(await rejection(listening({ path }))).toMatchObject({
      message: expect.stringMatching(/another process listens/),
    });
    await place.close();
    writeFileSync(path, 'precious');
    expect(await rejection(listening({ path }))).toMatchObject({ message: expect.stringMatching(/is no socket/) });
  });
});
