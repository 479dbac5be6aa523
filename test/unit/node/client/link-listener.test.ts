import { existsSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { LinkListener } from '../../../../src/node/client/link-listener.js';
import { openConnection } from '../../../../src/node/connection.js';
import { show, type Address } from '../../../../src/node/net/address.js';
import type { Mux } from '../../../../src/node/socket/mux.js';
import { deferred, rejection } from '../../../contract/case.js';
import { folder, heard, kinds, raw, temporaryFilesIn } from '../../support/net.js';
import { Program } from '../../support/program.js';

const key = 'k'.repeat(43);

function dial(address: Address, id = 'ticket', secret = key): Promise<Mux> {
  return openConnection(address, { role: 'link', id, key: secret, hello: {}, timeout: 5000, call: 'a direct link' });
}

function listener(like: Address): LinkListener {
  const made = new LinkListener(like);
  onTestFinished(() => made.close());
  return made;
}

/** It holds a socket, which both ends have to close. */
async function closed(...muxes: Mux[]): Promise<void> {
  for (const mux of muxes) mux.close();
}

describe.each(kinds)('a listener for links, like %s', (_, fresh) => {
  it('lets the holder of a ticket through, once', async () => {
    const place = listener(fresh());
    const come = deferred<Mux>();
    const address = await place.expect('ticket', key, come.resolve);
    expect(Object.keys(address).includes('path')).toBe('path' in fresh());
    const near = await dial(address);
    const far = await come.promise;
    const said = new Promise((resolve) => far.port.start({ message: resolve, unreadable() {}, close() {} }));
    near.port.post(['hello']);
    expect(await said).toEqual(['hello']);
    expect(await rejection(dial(address))).toMatchObject({ code: 'NOT_AUTHORIZED' });
    await closed(near, far);
  });

  it('refuses a wrong key, a wrong id, and who comes for something else, and still waits for the holder', async () => {
    const place = listener(fresh());
    const come = deferred<Mux>();
    const address = await place.expect('ticket', key, come.resolve);
    expect(await rejection(dial(address, 'ticket', 'wrong'))).toMatchObject({ code: 'NOT_AUTHORIZED' });
    expect(await rejection(dial(address, 'another'))).toMatchObject({ code: 'NOT_AUTHORIZED' });
    const peer = { role: 'peer', id: 'ticket', key, hello: {}, timeout: 5000, call: 'connect()' } as const;
    expect(await rejection(openConnection(address, peer))).toMatchObject({ code: 'NOT_AUTHORIZED' });
    const browser = await raw(address);
    browser.end('GET / HTTP/1.1\r\n\r\n');
    expect(await heard(browser)).toContain('HTTP/1.1 400');
    await closed(await dial(address), await come.promise);
  });

  it('has one place for all its tickets; close() ends them, and the place', async () => {
    const place = listener(fresh());
    const addresses = await Promise.all(['1', '2', '3'].map((id) => place.expect(id, key, () => {})));
    expect(new Set(addresses.map((each) => JSON.stringify(each))).size).toBe(1);
    place.close();
    expect(['NOT_AUTHORIZED', 'BRIDGE_GONE']).toContain((await rejection(dial(addresses[0]!, '1'))).code);
    await vi.waitFor(async () => expect((await rejection(dial(addresses[0]!, '1'))).code).toBe('BRIDGE_GONE'));
    expect(await rejection(place.expect('4', key, () => {}))).toMatchObject({ code: 'CLOSED' });
    const [first] = addresses;
    expect('path' in first! && existsSync(first.path)).toBe(false);
  });

  it('where nobody listens any more, the dialer learns that it is no matter of the broker, and what to do', async () => {
    const place = listener(fresh());
    const address = await place.expect('ticket', key, () => {});
    place.close();
    const { code, message } = await vi.waitUntil(async () => {
      const error = await rejection(dial(address));
      return error.code === 'BRIDGE_GONE' && error.message.includes('nobody listens') && error;
    });
    expect(code).toBe('BRIDGE_GONE');
    expect(message.startsWith(`a direct link: nobody listens at ${show(address)}: the other peer's direct link`)).toBe(
      true,
    );
    expect(message).toMatch(
      'path' in address ? /see the same files: .* PrivateTmp .* TCP/ : /one loopback network: .* container/,
    );
    expect(message).not.toContain('is the broker running');
  });

  it('tells when a connection is over', async () => {
    const place = listener(fresh());
    const [come, over] = [deferred<Mux>(), deferred<Mux>()];
    const near = await dial(await place.expect('ticket', key, come.resolve, over.resolve));
    const far = await come.promise;
    far.port.start({ message() {}, unreadable() {}, close() {} });
    near.close();
    expect(await over.promise).toBe(far);
  });
});

describe('a ticket', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it('is good for ten seconds', async () => {
    const place = listener({ path: '/like' });
    const address = await place.expect('ticket', key, () => {});
    vi.advanceTimersByTime(10_000);
    vi.useRealTimers();
    expect(await rejection(dial(address))).toMatchObject({ code: 'NOT_AUTHORIZED' });
  });
});

describe('a place whose file was removed', () => {
  it('that can no longer be reached is not named to anybody: it listens anew, once', async () => {
    temporaryFilesIn(folder());
    const place = listener({ path: '/like' });
    const before = (await place.expect('0', key, () => {})) as { path: string };
    rmSync(dirname(before.path), { recursive: true });
    const come = ['1', '2'].map(() => deferred<Mux>());
    const addresses = await Promise.all(come.map(({ resolve }, index) => place.expect(`${index + 1}`, key, resolve)));
    expect(addresses[0]).not.toEqual(before);
    expect(addresses[1]).toEqual(addresses[0]);
    for (const [index, { promise }] of come.entries()) {
      await closed(await dial(addresses[index]!, `${index + 1}`), await promise);
    }
    place.close();
    await vi.waitFor(() => expect(readdirSync(dirname(before.path))).toEqual([]));
  });
});

describe('what a process that is killed has left', () => {
  const program = (): Program =>
    new Program(`
      const { LinkListener } = await net('../client/link-listener.js');
      const { path } = await new LinkListener({ path: '/like' }).expect('ticket', 'key', () => {});
      console.log(path);
      setInterval(() => {}, 1000);`);

  it('is removed when another comes to listen, and what is alive is left', async () => {
    const top = temporaryFilesIn(folder());
    const [killed, alive] = [program(), program()];
    const [left, other] = [(await killed.line())!, (await alive.line())!];
    expect(dirname(left)).toBe(join(top, `portmesh-${process.geteuid?.()}`));
    killed.child.kill('SIGKILL');
    await killed.exited;
    expect(existsSync(left)).toBe(true);
    for (const path of [left, other]) utimesSync(path, 0, 0);
    const own = (await program().line())!;
    await vi.waitFor(() => expect(existsSync(left)).toBe(false));
    expect(readdirSync(dirname(left)).sort()).toEqual([basename(other), basename(own)].sort());
    expect(await rejection(dial({ path: other }))).toMatchObject({ code: 'NOT_AUTHORIZED' });
  });
});

describe('where it can not listen', () => {
  it('says why, and tries again with the next ticket', async () => {
    const before = process.env['TMPDIR'];
    const place = listener({ path: '/like' });
    process.env['TMPDIR'] = '/dev/null';
    const error = await rejection(place.expect('1', key, () => {})).finally(() => {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    });
    expect(error).toMatchObject({ code: expect.any(String), message: expect.stringContaining('listening for a link') });
    const come = deferred<Mux>();
    await closed(await dial(await place.expect('ticket', key, come.resolve)), await come.promise);
  });
});
