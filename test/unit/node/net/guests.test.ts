import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { MeshError } from '../../../../src/core/errors/mesh-error.js';
import { greet } from '../../../../src/node/net/handshake.js';
import { rejection } from '../../../contract/case.js';
import { Door, patience, SECRET, until } from '../../support/guests.js';
import { heard, kinds, raw } from '../../support/net.js';

describe.each(kinds)('listenForGuests, %s', (_, fresh) => {
  it('admits who proves that it knows the secret, and hands over its socket', async () => {
    const door = await Door.open(fresh(), { admit: (socket, guest) => void socket.end(JSON.stringify(guest)) });
    expect(JSON.parse(await heard(await door.visit({ name: 'n' })))).toEqual({
      role: 'peer',
      id: 'p',
      hello: { name: 'n' },
    });
    expect(door.place.state()).toEqual({ inside: 0, waiting: 0, admitted: 1, refused: {} });
  });

  it('refuses who knows another, says so to both, and counts it', async () => {
    const door = await Door.open(fresh());
    expect(await rejection(door.visit('', 'wrong'))).toMatchObject({ code: 'NOT_AUTHORIZED' });
    await until(() => door.refused.length === 1);
    const [[error, where]] = door.refused as [[MeshError, string]];
    expect(error).toMatchObject({
      code: 'NOT_AUTHORIZED',
      message: expect.stringMatching(/^refused: no such peer, or wrong secret: 'p'\. .*secrets\.peer/),
    });
    expect(where).toMatch('path' in door.place.address ? door.place.address.path : /^(127\.0\.0\.1|\[::1\]):\d+$/);
    expect(door.place.state()).toMatchObject({ inside: 0, admitted: 0, refused: { NOT_AUTHORIZED: 1 } });
    await door.visit();
    expect(door.place.state().admitted).toBe(1);
  });

  it('a thousand that come at once are all let in', async () => {
    const door = await Door.open(fresh());
    const sockets = await Promise.all(Array.from({ length: 1000 }, (_, index) => door.visit(index)));
    expect(new Set(door.admitted.map(([, { hello }]) => hello)).size).toBe(1000);
    expect(door.place.state()).toEqual({ inside: 0, waiting: 0, admitted: 1000, refused: {} });
    expect(sockets).toHaveLength(1000);
  }, 20_000);

  it('those who are silent make room while somebody waits, the oldest first', async () => {
    const door = await Door.open(fresh(), { count: 3, hurry: 50 });
    const silent: Socket[] = [];
    for (let n = 1; n <= 3; n++) {
      silent.push(await raw(door.place.address));
      await until(() => door.place.state().inside === n);
    }
    await door.visit();
    expect(door.place.state()).toEqual({ inside: 2, waiting: 0, admitted: 1, refused: { LIMIT: 1 } });
    expect(door.refused[0]?.[0].message).toBe('refused: not through the handshake in 50 ms, while others wait.');
    expect(await heard(silent[0]!)).toBe('');
    expect(silent.slice(1).map(({ destroyed }) => destroyed)).toEqual([false, false]);
  });

  it('where nobody waits, the slow have their whole time', async () => {
    const door = await Door.open(fresh(), { count: 1, hurry: 1, timeout: 200 });
    const start = performance.now();
    expect(await heard(await raw(door.place.address))).toBe('');
    expect(performance.now() - start).toBeGreaterThan(190);
    expect(door.place.state().refused).toEqual({ TIMEOUT: 1 });
  });

  it('who comes when the line is full is told so', async () => {
    const door = await Door.open(fresh(), { count: 1, line: 1 });
    await raw(door.place.address);
    await raw(door.place.address);
    await until(() => door.place.state().waiting === 1);
    const error = await rejection(door.visit());
    expect(error).toMatchObject({ code: 'LIMIT' });
    expect(error.message).toContain(
      'refused by the other side: "1 are in the handshake here, and 1 wait. Try again later."',
    );
    expect(door.place.state()).toEqual({ inside: 1, waiting: 1, admitted: 0, refused: { LIMIT: 1 } });
  });

  it('who goes while it waits keeps nobody waiting', async () => {
    const door = await Door.open(fresh(), { count: 1, timeout: 100, hurry: 60_000 });
    await raw(door.place.address);
    const gone = await raw(door.place.address);
    await until(() => door.place.state().waiting === 1);
    gone.destroy();
    await door.visit();
    expect(door.place.state()).toEqual({ inside: 0, waiting: 0, admitted: 1, refused: { TIMEOUT: 1 } });
  });

  it('who connects and goes without a word is nothing to report', async () => {
    const door = await Door.open(fresh());
    const socket = await raw(door.place.address);
    await until(() => door.place.state().inside === 1);
    socket.end();
    await until(() => door.place.state().inside === 0);
    expect(door.refused).toEqual([]);
  });

  it('close ends those who are not through, and tells nobody of it; those let in stay', async () => {
    const door = await Door.open(fresh(), { count: 2 });
    const guest = await door.visit();
    const others = [await raw(door.place.address), await raw(door.place.address), await raw(door.place.address)];
    await until(() => door.place.state().waiting === 1);
    await door.place.close();
    expect(await Promise.all(others.map(heard))).toEqual(['', '', '']);
    await until(() => door.place.state().inside === 0);
    expect(door.refused).toEqual([]);
    door.admitted[0]?.[0].end('still there');
    expect(await heard(guest)).toBe('still there');
    expect(await rejection(door.visit())).toMatchObject({ code: 'BRIDGE_GONE' });
  });

  it('if letting in fails, the connection is ended and the error reported', async () => {
    const failure = new Error('of the broker');
    const door = await Door.open(fresh(), {
      admit: () => {
        throw failure;
      },
    });
    expect(await heard(await door.visit())).toBe('');
    expect(door.refused).toMatchObject([
      [{ code: 'PROTOCOL', message: 'refused: Error: of the broker', cause: failure }, {}],
    ]);
    expect(door.place.state()).toMatchObject({ inside: 0, admitted: 0 });
  });

  it('if the look-up of a key fails, the connection is ended and the error reported', async () => {
    const door = await Door.open(fresh(), {
      key: () => {
        throw new Error('of the broker');
      },
    });
    expect(await rejection(door.visit())).toMatchObject({ code: 'BRIDGE_GONE' });
    await until(() => door.refused.length === 1);
    expect(door.refused).toMatchObject([[{ code: 'PROTOCOL', message: 'refused: Error: of the broker' }, {}]]);
  });
});

it('after it was paused, hears who has come meanwhile before it takes their silence for one', async () => {
  const door = await Door.open({ port: 0 }, { timeout: 200 });
  const socket = await raw(door.place.address);
  await until(() => door.place.state().inside === 1);
  await once(socket.resume(), 'resume');
  const [greeted] = [greet(socket, { ...patience, role: 'peer', id: 'p', key: SECRET, hello: 1 })];
  const end = performance.now() + 300;
  while (performance.now() < end);
  await greeted;
  expect(door.place.state()).toMatchObject({ admitted: 1, refused: {} });
});
