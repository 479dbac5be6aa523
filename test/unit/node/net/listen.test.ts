import { once } from 'node:events';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { maxPath } from '../../../../src/node/net/address.js';
import { dial } from '../../../../src/node/net/dial.js';
import { listen } from '../../../../src/node/net/listen.js';
import { rejection } from '../../../contract/case.js';
import { folder, heard, kinds, leaveBehind, listening, lockOf, raw } from '../../support/net.js';
import { Program } from '../../support/program.js';

const mode = (path: string): number => lstatSync(path).mode & 0o7777;
const call = 'createBroker()';
const build = JSON.stringify(new URL('../../../../dist/node/net/listen.js', import.meta.url).href);

/** Runs as nobody, if this is root. */
async function asNobody<T>(action: () => Promise<T>): Promise<T> {
  process.seteuid?.(65_534);
  try {
    return await action();
  } finally {
    process.seteuid?.(0);
  }
}

/** Says who answers at a path. */
async function answer(path: string): Promise<string> {
  return heard(await dial({ path }, { call: 'connect()', timeout: 5000 }));
}

describe.each(kinds)('listen, %s', (_, fresh) => {
  it('fills in what was not given, and takes connections until it is closed', async () => {
    const place = await listening(fresh(), (socket) => void socket.end('welcome'));
    expect(place.address).not.toMatchObject({ port: 0 });
    expect(await heard(await raw(place.address))).toBe('welcome');
    await Promise.all([place.close(), place.close()]);
    expect(await rejection(raw(place.address))).toMatchObject({ code: expect.stringMatching(/ENOENT|ECONNREFUSED/) });
  });

  it('connections that are there stay when it is closed, and the address is free at once', async () => {
    const place = await listening(fresh(), (socket) => void socket.pipe(socket));
    const socket = await raw(place.address);
    await place.close();
    await listening(place.address);
    socket.end('still there');
    expect(await heard(socket)).toBe('still there');
  });

  it('an address where another listens is refused, and the other is unhurt', async () => {
    const place = await listening(fresh(), (socket) => void socket.end('the first'));
    const error = await rejection(listen(place.address, () => {}, { call }));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(error.message).toMatch(
      /^createBroker\(\): another process listens at \S+ already\. Give another p(ath|ort), or connect/,
    );
    expect(await heard(await raw(place.address))).toBe('the first');
  });

  it('keeps a process alive, or not, as it is told', async () => {
    const address = JSON.stringify(fresh());
    const lets = new Program(`await (await net('listen.js')).listen(${address}, () => {}, { keepsAlive: false });`);
    expect(await lets.exited).toBe(0);
    const keeps = new Program(`
      const place = await (await net('listen.js')).listen(${address}, () => {});
      console.log('ready');
      process.stdin.on('data', () => { process.stdin.destroy(); void place.close(); });`);
    expect(await keeps.line()).toBe('ready');
    keeps.child.stdin?.write('end');
    expect(await keeps.exited).toBe(0);
  });
});

describe('listen at a path', () => {
  it('makes the directories for this user alone, and removes them with the file', async () => {
    const top = folder();
    const path = join(top, 'a', 'b', 'socket');
    const before = process.umask(0);
    try {
      const place = await listening({ path });
      expect([mode(join(top, 'a')), mode(join(top, 'a', 'b')), mode(path)]).toEqual([0o700, 0o700, 0o600]);
      expect(readdirSync(dirname(path))).toEqual(['socket']);
      await place.close();
      expect(readdirSync(top)).toEqual([]);
    } finally {
      process.umask(before);
    }
  });

  it.runIf(process.platform === 'linux').each(['/proc/portmesh', '/proc/portmesh/new', '/proc/self/status'])(
    'says why it can not make the directory %s',
    async (directory) => {
      const error = await rejection(listen({ path: join(directory, 'socket') }, () => {}, { call }));
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', cause: { code: expect.stringMatching(/^E/) } });
      expect(error.message).toMatch(
        new RegExp(
          `^createBroker\\(\\): the directory ${directory} can't be made or used: E[A-Z]+: .*mkdir '/proc/.*'\\. Give`,
        ),
      );
    },
  );

  it('of several that make the same directories, all succeed', async () => {
    for (let round = 0; round < 10; round++) {
      const directory = join(folder(), 'a', 'b', 'c');
      const paths = Array.from({ length: 10 }, (_, n) => join(directory, `${n}`));
      await Promise.all(paths.map((path) => listening({ path })));
      expect(readdirSync(directory)).toHaveLength(10);
    }
  });

  it('leaves directories that were there, or hold something else', async () => {
    const top = folder();
    const place = await listening({ path: join(top, 'new', 'socket') });
    writeFileSync(join(top, 'new', 'other'), '');
    await place.close();
    expect(readdirSync(top)).toEqual(['new']);
    expect(readdirSync(join(top, 'new'))).toEqual(['other']);
  });

  it('replaces what a killed process has left behind', async () => {
    const path = join(folder(), 'socket');
    const program = new Program(`
      await (await net('listen.js')).listen({ path: ${JSON.stringify(path)} }, () => {});
      console.log('ready');`);
    await program.line();
    program.child.kill('SIGKILL');
    await program.exited;
    expect(lstatSync(path).isSocket()).toBe(true);
    await listening({ path }, (socket) => void socket.end('the second'));
    expect(await answer(path)).toBe('the second');
    expect(readdirSync(dirname(path))).toEqual(['socket']);
  });

  it('leaves nothing behind when its process ends in order', async () => {
    const top = folder();
    const program = new Program(`
      const { listen } = await net('listen.js');
      await listen({ path: ${JSON.stringify(join(top, 'one', 'socket'))} }, () => {});
      await listen({ path: ${JSON.stringify(join(top, 'two', 'socket'))} }, () => {});
      process.exit(0);`);
    expect(await program.exited).toBe(0);
    expect(readdirSync(top)).toEqual([]);
  });

  it('of several that come at once for a left-over file, one has it', async () => {
    const path = join(folder(), 'socket');
    for (let round = 0; round < 50; round++) {
      await leaveBehind(path);
      const places = await Promise.allSettled(
        Array.from({ length: 5 }, (_, index) => listening({ path }, (socket) => void socket.end(`${index}`))),
      );
      const winners = places.flatMap((each, index) => (each.status === 'fulfilled' ? [index] : []));
      expect(winners).toHaveLength(1);
      const losers = places.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
      for (const error of losers) expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
      expect(await answer(path)).toBe(`${winners[0]}`);
      for (const each of places) if (each.status === 'fulfilled') await each.value.close();
    }
  });

  it("a process that died just as it replaced a left-over file stands in nobody's way", async () => {
    const path = join(folder(), 'socket');
    await leaveBehind(path);
    await leaveBehind(lockOf(path));
    await listening({ path }, (socket) => void socket.end('the second'));
    expect(await answer(path)).toBe('the second');
    expect(readdirSync(dirname(path))).toEqual(['socket']);
  });

  it('when it closes, leaves the file of another that has come in its place', async () => {
    const path = join(folder(), 'socket');
    const first = await listening({ path });
    rmSync(path);
    await listening({ path }, (socket) => void socket.end('the second'));
    await first.close();
    expect(await answer(path)).toBe('the second');
  });

  it.each<[string, (path: string) => void]>([
    ['a file', (path) => writeFileSync(path, 'precious')],
    ['a directory', (path) => mkdirSync(path)],
    ['a link', (path) => symlinkSync('/nowhere', path)],
  ])('refuses to replace %s', async (_, make) => {
    const path = join(folder(), 'other');
    make(path);
    const error = await rejection(listen({ path }, () => {}, { call }));
    expect(error).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/^createBroker\(\): \S+ is there, and is no socket/),
    });
    expect(lstatSync(path).isSocket()).toBe(false);
    expect(readdirSync(dirname(path))).toEqual(['other']);
  });

  it('refuses a directory that others may write to, unless they can remove their own only', async () => {
    const top = folder();
    for (const open of [0o777, 0o770, 0o702]) {
      chmodSync(top, open);
      const error = await rejection(listen({ path: join(top, 'socket') }, () => {}, { call }));
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
      expect(error.message).toMatch(
        new RegExp(`^createBroker\\(\\): others may write to \\S+ \\(mode ${open.toString(8)}\\)`),
      );
    }
    chmodSync(top, 0o1777);
    await listening({ path: join(top, 'socket') });
    expect(readdirSync(top)).toEqual(['socket']);
  });

  it.runIf(process.getuid?.() === 0)('another user: no permission to listen, to replace, to connect', async () => {
    const top = folder();
    const place = await listening({ path: join(top, 'socket') });
    chmodSync(top, 0o755);
    const [listened, replaced, dialed] = await asNobody(() =>
      Promise.all([
        rejection(listen({ path: join(top, 'other') }, () => {}, { call })),
        rejection(listen(place.address, () => {}, { call })),
        rejection(dial(place.address, { call: 'connect()', timeout: 1000 })),
      ]),
    );
    for (const error of [listened, replaced]) {
      expect(error).toMatchObject({ code: 'NOT_AUTHORIZED', cause: { code: 'EACCES' } });
      expect(error.message).toMatch(/^createBroker\(\): no permission to make a socket in \S+\. Give another path\.$/);
    }
    expect(dialed).toMatchObject({ code: 'NOT_AUTHORIZED', cause: { code: 'EACCES' } });
    expect(dialed.message).toMatch(/^connect\(\): no permission to connect to \S+: only the user/);

    chmodSync(top, 0o1777);
    const taken = await asNobody(() => rejection(listen(place.address, () => {}, { call })));
    expect(taken).toMatchObject({ code: 'NOT_AUTHORIZED', message: expect.stringMatching(/is another user's/) });
    await place.close();
  });

  it('a path whose directory is a file', async () => {
    const file = join(folder(), 'file');
    writeFileSync(file, 'precious');
    const error = await rejection(listen({ path: join(file, 'socket') }, () => {}, { call }));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(/can't be made or used/) });
    expect(readFileSync(file, 'utf8')).toBe('precious');
  });

  it('as long a path as the system takes, and a clear word where the way there is longer', async () => {
    const top = folder();
    const rest = maxPath() - Buffer.byteLength(top) - 1;
    await listening({ path: join(top, 'x'.repeat(rest)) }, (socket) => void socket.end('welcome'));
    expect(await answer(join(top, 'x'.repeat(rest)))).toBe('welcome');
    const error = await rejection(listen({ path: join(top, 'x'.repeat(rest - 2), 's') }, () => {}, { call }));
    expect(error).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/directory has \d+ bytes at most/),
    });
    expect(readdirSync(top)).toEqual(['x'.repeat(rest)]);
  });

  it('in a worker thread, which can set no umask, the file is for this user alone too', async () => {
    const path = join(folder(), 'socket');
    const before = process.umask(0);
    try {
      const worker = new Worker(
        `const { parentPort } = require('node:worker_threads');
        import(${build}).then(async ({ listen }) => {
          await listen({ path: ${JSON.stringify(path)} }, (socket) => socket.end('from a worker'));
          parentPort.postMessage('ready');
        });`,
        { eval: true },
      );
      onTestFinished(() => void worker.terminate());
      await once(worker, 'message');
      expect(mode(path)).toBe(0o600);
      expect(await answer(path)).toBe('from a worker');
    } finally {
      process.umask(before);
    }
  });

  it.each([false, true])('tells whether its file is still there, and is its own (fresh: %s)', async (fresh) => {
    const path = join(folder(), 'socket');
    const place = await listening({ path }, () => {}, { fresh });
    expect(await place.isThere()).toBe(true);
    rmSync(path);
    expect(await place.isThere()).toBe(false);
    await listening({ path }, (socket) => void socket.end('the second'), { fresh });
    expect(await place.isThere()).toBe(false);
    expect(await answer(path)).toBe('the second');
  });
});

describe('listen at a port', () => {
  it.runIf(process.getuid?.() === 0)('no permission', async () => {
    const error = await asNobody(() => rejection(listen({ port: 81 }, () => {}, { call })));
    expect(error).toMatchObject({ code: 'NOT_AUTHORIZED' });
    expect(error.message).toBe('createBroker(): no permission to listen at 127.0.0.1:81. Give another port.');
  });

  it('another address of this machine is refused before anything is done', async () => {
    const error = await rejection(listen({ port: 0, host: '0.0.0.0' }, () => {}, { call }));
    expect(error).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/only this machine's own/),
    });
  });

  it("isn't reached under another of this machine's addresses", async () => {
    const { address } = await listening({ port: 0 });
    const { port } = address as { port: number };
    expect(await rejection(raw({ port, host: '127.0.0.2' }))).toMatchObject({ code: 'ECONNREFUSED' });
  });
});

it('a server that others have made at the path is one that listens, too', async () => {
  const path = join(folder(), 'socket');
  const server = createServer().listen(path);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  expect(await rejection(listen({ path }, () => {}))).toMatchObject({ code: 'INVALID_ARGUMENT' });
});
