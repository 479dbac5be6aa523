import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isPipe, maxPath } from '../../../../src/node/net/address.js';
import { pidOf } from '../../../../src/node/net/own-directory.js';
import { privateAddress, type PrivateAddress } from '../../../../src/node/net/private-address.js';
import { folder, heard, listening, raw, temporaryFilesIn } from '../../support/net.js';

const like = { path: '/run/mesh' };
const pathOf = ({ address }: PrivateAddress): string => ('path' in address ? address.path : '');
const shared = `portmesh-${process.geteuid?.()}`;

async function welcome({ address, fresh }: PrivateAddress): Promise<void> {
  const place = await listening(address, (socket) => void socket.end('welcome'), { fresh });
  expect(await heard(await raw(address))).toBe('welcome');
  expect(lstatSync(pathOf({ address, fresh })).mode & 0o7777).toBe(0o600);
  await place.close();
}

describe('a private address', () => {
  it('is fresh, and of the same kind', async () => {
    temporaryFilesIn(folder());
    const [one, other] = await Promise.all([privateAddress(like), privateAddress(like)]);
    expect(pathOf(one)).not.toBe(pathOf(other));
    expect(Buffer.byteLength(pathOf(one))).toBeLessThan(maxPath());
    expect(await privateAddress({ port: 4000, host: '::1' })).toEqual({
      address: { port: 0, host: '::1' },
      fresh: false,
    });
    const pipe = await privateAddress({ path: '\\\\.\\pipe\\mesh' });
    expect([isPipe(pathOf(pipe)), pipe.fresh]).toEqual([true, false]);
  });

  it('is in the one directory of this user, which stays; the file goes', async () => {
    const top = temporaryFilesIn(folder());
    const before = process.umask(0);
    try {
      const address = await privateAddress(like);
      expect(dirname(pathOf(address))).toBe(join(top, shared));
      expect(pidOf(basename(pathOf(address)))).toBe(process.pid);
      expect(lstatSync(join(top, shared)).mode & 0o7777).toBe(0o700);
      await welcome(address);
      expect(readdirSync(join(top, shared))).toEqual([]);
    } finally {
      process.umask(before);
    }
  });

  it.each<[string, (path: string) => void]>([
    ['others may enter it', (path) => (mkdirSync(path), chmodSync(path, 0o711))],
    ['it is a link', (path) => (mkdirSync(`${path}-real`, 0o700), symlinkSync(`${path}-real`, path))],
    ['it is a file', (path) => writeFileSync(path, 'precious')],
    ['it is another user’s', (path) => (mkdirSync(path, 0o700), chownSync(path, 65_534, 65_534))],
  ])('has a directory of its own, gone with it, if that one can not be trusted: %s', async (why, make) => {
    if (why.includes('user') && process.getuid?.() !== 0) return;
    const top = temporaryFilesIn(folder());
    make(join(top, shared));
    const before = readdirSync(top);
    const address = await privateAddress(like);
    const directory = dirname(pathOf(address));
    expect(pathOf(address)).toMatch(new RegExp(`^${top}/portmesh-\\w{24}/link$`));
    await welcome(address);
    expect(existsSync(directory)).toBe(false);
    expect(readdirSync(top)).toEqual(before);
  });

  it('leaves nothing where there is no directory for temporary files', async () => {
    const top = folder();
    temporaryFilesIn(join(top, 'missing'));
    await welcome(await privateAddress(like));
    expect(readdirSync(top)).toEqual([]);
  });

  it('goes elsewhere if the directory for temporary files has too long a path', async () => {
    const elsewhere = join('/tmp', shared);
    // Of a run of tests nothing stays there.
    if (!existsSync(elsewhere)) onTestFinished(() => rmdirSync(elsewhere));
    temporaryFilesIn(`/tmp/${'long'.repeat(20)}`);
    expect(pathOf(await privateAddress(like))).toMatch(new RegExp(`^/tmp/portmesh-(\\d+/\\d+-\\w{12}|\\w{24}/link)$`));
  });
});
