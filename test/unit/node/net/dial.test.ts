import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { dial } from '../../../../src/node/net/dial.js';
import { rejection } from '../../../contract/case.js';
import { folder, heard, kinds, listening } from '../../support/net.js';

const patience = { call: 'connect()', timeout: 5000 };

describe.each(kinds)('dial, %s', (_, fresh) => {
  it('connects: what one side says, the other hears', async () => {
    const place = await listening(fresh(), (socket) => void socket.end('welcome'));
    expect(await heard(await dial(place.address, patience))).toBe('welcome');
  });

  it('keeps what comes before somebody listens, and an error crashes nothing', async () => {
    const place = await listening(fresh(), (socket) => void socket.end('welcome'));
    const socket = await dial(place.address, patience);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await heard(socket)).toBe('welcome');
    socket.emit('error', new Error('of the network'));
  });

  it('says where nobody listens, and what to do', async () => {
    const place = await listening(fresh());
    await place.close();
    const error = await rejection(dial(place.address, patience));
    expect(error).toMatchObject({ code: 'BRIDGE_GONE', cause: { code: expect.stringMatching(/ENOENT|ECONNREFUSED/) } });
    expect(error.message).toMatch(/^connect\(\): nobody listens at \S+: is the broker running/);
  });

  it('gives up when its signal aborts, before and during', async () => {
    const place = await listening(fresh(), () => expect.unreachable());
    const aborted = rejection(dial(place.address, { ...patience, signal: AbortSignal.abort('why') }));
    expect(await aborted).toMatchObject({
      code: 'ABORTED',
      cause: 'why',
      message: expect.stringMatching(/^connect\(\): /),
    });
    const controller = new AbortController();
    const dialing = rejection(dial(place.address, { ...patience, signal: controller.signal }));
    controller.abort('later');
    expect(await dialing).toMatchObject({ code: 'ABORTED', cause: 'later' });
  });
});

describe('dial', () => {
  it('names a wrong address before it dials', async () => {
    expect(await rejection(dial({ port: 0 }, patience))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await rejection(dial({ port: 80, host: '8.8.8.8' }, patience))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('a file that is no socket: nobody listens', async () => {
    const error = await rejection(dial({ path: join(folder(), '..') }, patience));
    expect(error.code).toBe('BRIDGE_GONE');
  });

  it('waits where more dial than are taken at the moment', async () => {
    const path = join(folder(), 'busy');
    const server = createServer((socket) => void socket.end('welcome')).listen({ path, backlog: 1 });
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    // In this very turn nobody is taken.
    const sockets = await Promise.all(Array.from({ length: 8 }, () => dial({ path }, patience)));
    expect(await Promise.all(sockets.map(heard))).toEqual(Array.from({ length: 8 }, () => 'welcome'));
  });

  it('gives up in time where a process takes nobody any more', async () => {
    const path = join(folder(), 'stopped');
    const script = `require('net').createServer().listen({ path: ${JSON.stringify(path)}, backlog: 1 }, () => console.log('ready'))`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    child.kill('SIGSTOP');
    const dialing = Array.from({ length: 4 }, () => dial({ path }, { ...patience, timeout: 100 }));
    const settled = await Promise.allSettled(dialing);
    const errors = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason as Error] : []));
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'TIMEOUT', message: expect.stringMatching(/did not answer within 100 ms/) });
    }
    for (const each of settled) if (each.status === 'fulfilled') each.value.destroy();
  });
});
