import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { adoptRaw, socketKind } from '../../../../src/node/socket/socket-port.js';
import { Mux } from '../../../../src/node/socket/mux.js';
import { Inbox } from '../../support/mux-pair.js';
import { turn } from '../../support/turn.js';

const dist = new URL('../../../../dist/', import.meta.url).href;
const program = fileURLToPath(new URL('../../support/mux-child.js', import.meta.url));

let server: Server;
let directory: string;
let child: ChildProcess | undefined;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'portmesh-test-'));
  server = createServer().listen(join(directory, 's'));
  await once(server, 'listening');
});
afterEach(() => child?.kill('SIGKILL'));
afterAll(() => {
  server.close();
  rmSync(directory, { recursive: true });
});

/** A process that has dialed, and this side's end. */
async function start(what: string) {
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  child = spawn(process.execPath, [program, dist, join(directory, 's'), what], { stdio: 'inherit' });
  const exit = once(child, 'exit');
  const [socket] = await accepted;
  const ended: unknown[][] = [];
  const mux = new Mux(socket, { side: 'listener', onEnd: (...how) => ended.push(how) });
  return { mux, socket, inbox: new Inbox(mux.port), exit, ended };
}

describe('a process at the other end', { timeout: 20_000 }, () => {
  it('may end by itself while connections are open that need not keep it alive', async () => {
    const { inbox, exit, ended } = await start('idle');
    await inbox.wait(1);
    expect(await exit).toEqual([0, null]);
    expect(await inbox.closed).toBe('lost');
    expect(ended).toEqual([['lost', undefined]]);
  });

  it('runs on for one that shall keep it alive, until that is closed', async () => {
    const { mux, inbox, exit, ended } = await start('stay');
    await inbox.wait(1);
    let exited = false;
    void exit.then(() => (exited = true));
    const [near, far] = socketKind.channel() as readonly [object, object];
    mux.port.post('answer', [far]);
    expect(await new Inbox(adoptRaw(near)).wait(1)).toEqual(['from the child']);
    expect(exited).toBe(false);
    mux.port.post('close');
    expect(await exit).toEqual([0, null]);
    expect(await inbox.closed).toBe('closed');
    expect(ended.length).toBe(1);
  });

  it('that is killed is noticed at once', async () => {
    const { mux, inbox, exit, ended } = await start('stay');
    await inbox.wait(1);
    const [near, far] = socketKind.channel() as readonly [object, object];
    mux.port.post('answer', [far]);
    const tunnel = new Inbox(adoptRaw(near));
    await tunnel.wait(1);
    mux.port.post('crash');
    expect([await inbox.closed, await tunnel.closed]).toEqual(['lost', 'lost']);
    expect(await exit).toEqual([null, 'SIGKILL']);
    expect(ended).toEqual([['lost', undefined]]);
  });

  it('that ends in order has everything delivered which it posted before', async () => {
    const { inbox, exit, ended } = await start('flood');
    expect(await inbox.closed).toBe('closed');
    expect((inbox.messages as [number][]).map(([i]) => i)).toEqual(Array.from({ length: 3000 }, (_, i) => i));
    expect(await exit).toEqual([0, null]);
    expect(ended).toEqual([['closed', undefined]]);
  });

  it('stays until that was read: to write to one that is gone would cut off what it had sent', async () => {
    const { mux, socket, inbox, exit } = await start('leave');
    socket.pause();
    // Long enough for it to be gone, if it were not waiting.
    await Promise.race([exit, new Promise((resolve) => setTimeout(resolve, 500))]);
    mux.port.post('written');
    await turn();
    socket.resume();
    expect(await inbox.closed).toBe('closed');
    expect(inbox.messages).toHaveLength(100);
    expect(await exit).toEqual([0, null]);
  });
});
