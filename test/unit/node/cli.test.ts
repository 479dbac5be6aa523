import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connect } from '../../../src/node/index.js';
import { dial } from '../../../src/node/net/dial.js';
import { greet } from '../../../src/node/net/handshake.js';
import { rejection } from '../../contract/case.js';
import { patience } from '../support/guests.js';
import { folder, leaveBehind, lockOf, raw } from '../support/net.js';

const cli = fileURLToPath(new URL('../../../dist/node/cli.js', import.meta.url));
const PEER = 'correct horse battery staple';
const BRIDGE = 'the secret that bridges know';
const secrets = { PORTMESH_PEER_SECRET: PEER };

interface Run {
  readonly child: ChildProcess;
  /** The first line, or nothing if it ended before. */
  readonly ready: Promise<string>;
  /** The first that it says on its standard error, or nothing: whoever waits may come after it. */
  readonly complaint: Promise<string>;
  readonly ended: Promise<{ code: number | null; signal: string | null; out: string; error: string }>;
}

/** @param files how many it may have open; as many as this process, if not given */
function portmesh(args: readonly string[], environment: Record<string, string> = secrets, files?: number): Run {
  const { PATH = '' } = process.env;
  const node = [process.execPath, cli, ...args];
  const [program, ...rest] = files === undefined ? node : ['sh', '-c', `ulimit -n ${files}; exec "$0" "$@"`, ...node];
  const child = spawn(program!, rest, {
    env: { PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = { out: '', error: '' };
  const [ready, complaint] = [child.stdout, child.stderr].map(
    (stream) =>
      new Promise<string>((resolve) => {
        stream.once('data', (chunk: Buffer) => resolve(chunk.toString()));
        child.once('close', () => resolve(''));
      }),
  ) as [Promise<string>, Promise<string>];
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.error += chunk.toString()));
  const closed = once(child, 'close') as Promise<[number | null, string | null]>;
  return { child, ready, complaint, ended: closed.then(([code, signal]) => ({ code, signal, ...said })) };
}

describe('portmesh broker', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'says when it is ready, lets peers meet, and ends in order on %s',
    async (signal) => {
      const path = join(folder(), 'new', 'socket');
      const { child, ready, ended } = portmesh(['broker', '--path', path]);
      expect(await ready).toBe(`portmesh broker: listening at ${path}\n`);
      const [one, other] = await Promise.all(
        ['one', 'other'].map((name) => connect({ broker: { path, token: PEER }, name })),
      );
      onTestFinished(async () => void (await Promise.all([one?.close(), other?.close()])));
      one!.handle('double', (_: unknown, n: number) => 2 * n);
      expect(await other!.with({ wait: 5000 }).request('double', 21)).toBe(42);
      child.kill(signal);
      expect(await ended).toEqual({ code: 0, signal: null, out: `portmesh broker: listening at ${path}\n`, error: '' });
      expect(existsSync(join(path, '..'))).toBe(false);
    },
  );

  it('a port that is free: the line says which', async () => {
    for (const [args, host] of [
      [[], '127.0.0.1'],
      [['--host', '::1'], '::1'],
    ] as const) {
      const { ready } = portmesh(['broker', '--port', '0', ...args]);
      const [, port] = /^portmesh broker: listening at \S+:(\d+)\n$/.exec(await ready)!;
      const bus = await connect({ broker: { port: Number(port), host, token: PEER } });
      expect(bus.self.type).toBe('node');
      await bus.close();
    }
  });

  it("takes the secrets from a file, and a bridge's too", async () => {
    const top = folder();
    const file = join(top, 'secrets.json');
    writeFileSync(file, JSON.stringify({ peer: PEER, bridge: BRIDGE }), { mode: 0o600 });
    const path = join(top, 'socket');
    const { child, ready, ended } = portmesh(['broker', '--path', path, '--secrets-file', file], {
      PORTMESH_PEER_SECRET: 'of no account, as a file is given',
    });
    await ready;
    for (const [role, key] of [
      ['peer', PEER],
      ['bridge', BRIDGE],
    ] as const) {
      const socket = await dial({ path }, patience);
      await greet(socket, { ...patience, role, id: 'x', key, hello: null });
      socket.destroy();
    }
    child.kill('SIGTERM');
    const { error } = await ended;
    expect(error).not.toContain('warning');
    expect(error).not.toContain(PEER);
  });

  it.skipIf(process.platform === 'win32')('warns of a file that others may read', async () => {
    const top = folder();
    const file = join(top, 'secrets.json');
    writeFileSync(file, JSON.stringify({ peer: PEER }));
    chmodSync(file, 0o640);
    const { child, ready, ended } = portmesh(['broker', '--path', join(top, 'socket'), '--secrets-file', file]);
    await ready;
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({
      code: 0,
      error: `portmesh broker: warning: others may read ${file}: chmod 600 ${file}\n`,
    });
  });

  it("can't listen where another does: says so, and ends with 1", async () => {
    const path = join(folder(), 'socket');
    await portmesh(['broker', '--path', path]).ready;
    expect(await portmesh(['broker', '--path', path]).ended).toEqual({
      code: 1,
      signal: null,
      out: '',
      error: `portmesh broker: another process listens at ${path} already. Give another path, or connect to that one.\n`,
    });
    const bus = await connect({ broker: { path, token: PEER } });
    await bus.close();
  });

  it.runIf(process.platform === 'linux')(
    'where no directory can be made: says which and why, and ends with 1',
    async () => {
      const { code, error } = await portmesh(['broker', '--path', '/proc/portmesh/new/socket']).ended;
      expect(code).toBe(1);
      expect(error).toBe(
        "portmesh broker: the directory /proc/portmesh/new can't be made or used: ENOENT: no such file or directory, mkdir " +
          "'/proc/portmesh'. Give another path.\n",
      );
    },
  );

  it.each(['SIGTERM', 'SIGINT'] as const)('ends on %s before it listens, too', async (signal) => {
    const path = join(folder(), 'socket');
    await leaveBehind(path);
    // Another seems to be about to replace what a dead one has left: it waits for that.
    const lock = createServer().listen(lockOf(path));
    onTestFinished(() => void lock.close());
    const { child, ended } = portmesh(['broker', '--path', path]);
    await once(lock, 'connection');
    child.kill(signal);
    expect(await ended).toEqual({ code: 0, signal: null, out: '', error: '' });
    expect(readdirSync(dirname(path)).sort()).toEqual([basename(lockOf(path)), 'socket'].sort());
  });

  it('takes the place of one that was killed', async () => {
    const path = join(folder(), 'socket');
    const { child, ready, ended } = portmesh(['broker', '--path', path]);
    await ready;
    child.kill('SIGKILL');
    await ended;
    expect(existsSync(path)).toBe(true);
    expect(await portmesh(['broker', '--path', path]).ready).toContain('listening');
    expect(readdirSync(join(path, '..'))).toEqual(['socket']);
  });

  it('says who is refused', async () => {
    const path = join(folder(), 'socket');
    const { complaint, ready } = portmesh(['broker', '--path', path]);
    await ready;
    const socket = await dial({ path }, patience);
    await rejection(greet(socket, { ...patience, role: 'peer', id: 'x', key: 'wrong', hello: null }));
    expect(await complaint).toBe(
      `portmesh broker: ${path}: refused: no such peer, or wrong secret: 'x'. The token of connect({ broker }) must be the broker's ` +
        'secrets.peer (PORTMESH_PEER_SECRET of its command line).\n',
    );
  });

  it.skipIf(process.platform === 'win32')(
    'says once that too many files are open, as do those who come then; later it takes them again',
    async () => {
      const path = join(folder(), 'socket');
      const { child, ready, complaint, ended } = portmesh(['broker', '--path', path], secrets, 48);
      await ready;
      const sockets = await Promise.all(Array.from({ length: 48 }, () => raw({ path })));
      await complaint;
      const error = await rejection(connect({ broker: { path, token: PEER }, timeout: 1000 }));
      expect(error).toMatchObject({
        code: 'BRIDGE_GONE',
        message: expect.stringMatching(/ too many files open \(ulimit -n\)\?$/),
      });
      for (const socket of sockets) socket.destroy();
      await (await connect({ broker: { path, token: PEER } })).close();
      child.kill('SIGTERM');
      expect((await ended).error).toBe(
        `portmesh broker: ${path}: too many files are open (EMFILE). Until some are closed, who connects is cut off without a word. ` +
          'Let this process open more: ulimit -n, or LimitNOFILE of systemd.\n',
      );
    },
  );

  it('goes on when nobody reads any more what it prints', async () => {
    const path = join(folder(), 'socket');
    const { child, ready, ended } = portmesh(['broker', '--path', path]);
    await ready;
    child.stdout?.destroy();
    child.stderr?.destroy();
    for (let n = 0; n < 3; n++) {
      const socket = await dial({ path }, patience);
      await rejection(greet(socket, { ...patience, role: 'peer', id: 'x', key: 'wrong', hello: null }));
    }
    const bus = await connect({ broker: { path, token: PEER } });
    await bus.close();
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0 });
  });
});

describe('the command line', () => {
  it('explains itself', async () => {
    const { code, out, error } = await portmesh(['broker', '--help'], {}).ended;
    expect({ code, error }).toEqual({ code: 0, error: '' });
    for (const word of [
      '--path',
      '--port',
      '--host',
      '--secrets-file',
      'PORTMESH_PEER_SECRET',
      'PORTMESH_BRIDGE_SECRET',
    ]) {
      expect(out).toContain(word);
    }
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  it('says its version', async () => {
    const file = fileURLToPath(new URL('../../../package.json', import.meta.url));
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
    expect(await portmesh(['--version'], {}).ended).toMatchObject({ code: 0, out: `${version}\n`, error: '' });
  });

  it('says what makes no sense, and ends with 2', async () => {
    const path = join(folder(), 'socket');
    for (const [args, environment, message] of [
      [
        ['broker', '--path', path, '--frob'],
        secrets,
        /^portmesh broker: Unknown option '--frob'\.\nSee portmesh --help\.\n$/,
      ],
      [['broker', '--path', path], {}, /^portmesh broker: there is no secret for peers\. .*\nSee portmesh --help\.\n$/],
    ] as const) {
      const { code, out, error } = await portmesh(args, environment).ended;
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(error).toMatch(message);
    }
  });
});
