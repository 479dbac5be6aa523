import { once } from 'node:events';
import type { Socket } from 'node:net';
import { serialize } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { WIRE_VERSION } from '../../../../src/core/wire/frames.js';
import { greet, receive, type Greeting, type Reception } from '../../../../src/node/net/handshake.js';
import { rejection } from '../../../contract/case.js';
import { frame, heard, kinds, pair } from '../../support/net.js';

const SECRET = 'correct horse battery staple';
const FORMAT = serialize(0)[1];

const greeting: Greeting = {
  role: 'peer',
  id: 'p',
  key: SECRET,
  hello: { name: 'ä' },
  timeout: 5000,
  call: 'connect()',
};
const reception: Reception = { key: () => SECRET, timeout: 5000, maxBytes: 8192, call: 'broker' };

/** What a dialer says first. */
function first(socket: Socket, changed: object = {}): Buffer {
  const at = socket.remotePort ?? 0;
  const message = {
    version: WIRE_VERSION,
    format: FORMAT,
    role: 'peer',
    id: 'p',
    at,
    nonce: 'n'.repeat(44),
    ...changed,
  };
  return Buffer.concat([Buffer.from('portmesh'), frame(message)]);
}

describe.each(kinds)('the handshake, %s', (_, fresh) => {
  it('both sides recognise each other, and the listener learns the hello', async () => {
    const [dialer, listener] = await pair(fresh());
    const received = receive(listener, {
      ...reception,
      key: (role, id) => (role === 'peer' && id === 'p' ? SECRET : undefined),
    });
    expect(await greet(dialer, greeting)).toBeUndefined();
    expect(await received).toEqual({ role: 'peer', id: 'p', hello: { name: 'ä' } });
    for (const socket of [dialer, listener]) {
      expect(socket.listenerCount('readable') + socket.listenerCount('end')).toBeLessThan(2);
      expect(socket.destroyed).toBe(false);
    }
  });

  it('takes a Buffer for a key, and any JSON for a hello', async () => {
    const key = Buffer.from([0, 255, 1]);
    for (const hello of [undefined, null, 7, ['a', { b: false }], '\ud800', 'x'.repeat(3900)]) {
      const [dialer, listener] = await pair(fresh());
      const received = receive(listener, { ...reception, key: () => key });
      await greet(dialer, { ...greeting, key, hello });
      expect((await received).hello).toEqual(hello ?? null);
    }
  });

  it('nothing that comes behind is lost, whenever one listens', async () => {
    const [dialer, listener] = await pair(fresh());
    const received = receive(listener, reception).then(() => {
      listener.write('from the listener');
      listener.on('data', (data) => void listener.end(`, which heard: ${data.toString()}`));
    });
    const greeted = greet(dialer, greeting);
    // Behind the hello, before there is an answer.
    await Promise.all([greeted, received]);
    dialer.write('from the dialer');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await heard(dialer)).toBe('from the listener, which heard: from the dialer');
  });

  it('wrong secret: an error on both sides', async () => {
    const [dialer, listener] = await pair(fresh());
    const received = rejection(receive(listener, reception));
    const error = await rejection(greet(dialer, { ...greeting, key: 'wrong' }));
    expect(error).toMatchObject({ code: 'NOT_AUTHORIZED' });
    expect(error.message).toBe(
      "connect(): the other side knows another secret, or none. The token of connect({ broker }) must be the broker's secrets.peer " +
        '(PORTMESH_PEER_SECRET of its command line).',
    );
    expect(await received).toMatchObject({ code: 'NOT_AUTHORIZED' });
    expect((await received).message).toMatch(
      /^broker: no such peer, or wrong secret: 'p'\. The token of connect\(\{ broker \}\) must be the broker's secrets\.peer /,
    );
    for (const socket of [dialer, listener]) if (!socket.closed) await once(socket, 'close');
  });

  it.each([
    [
      'bridge',
      /The token of bridge\.joinBroker\(\) must be the broker's secrets\.bridge \(PORTMESH_BRIDGE_SECRET .*, and a broker without/,
    ],
    ['link', /A ticket is good once, and for a few seconds\.$/],
  ] as const)('wrong secret of a %s: names the fix on both sides', async (role, fix) => {
    const [dialer, listener] = await pair(fresh());
    const received = rejection(receive(listener, { ...reception, key: () => undefined }));
    expect((await rejection(greet(dialer, { ...greeting, role }))).message).toMatch(fix);
    expect((await received).message).toMatch(fix);
  });

  it('from outside an unknown id looks like a wrong secret', async () => {
    const ends = [];
    for (const key of ['wrong', undefined]) {
      const [dialer, listener] = await pair(fresh());
      const received = rejection(receive(listener, { ...reception, key: () => key }));
      const said: Buffer[] = [];
      dialer.on('data', (data) => void said.push(data));
      dialer.write(first(dialer));
      await once(dialer, 'data');
      dialer.write(frame({ proof: 'p'.repeat(44), hello: '1' }));
      ends.push({ error: (await received).message, said: (await heard(dialer)).replace(/[\w+/]{43}=/g, 'random') });
    }
    expect(ends[0]).toEqual(ends[1]);
  });

  it('another version of the wire: an error on both sides, with both numbers', async () => {
    const [dialer, listener] = await pair(fresh());
    const received = rejection(receive(listener, reception));
    dialer.write(first(dialer, { version: 999 }));
    const text = await heard(dialer);
    expect(text).toMatch(
      new RegExp(`^portmesh....{"version":${WIRE_VERSION},"format":${FORMAT},"refused":\\["VERSION_MISMATCH"`, 's'),
    );
    const error = await received;
    expect(error).toMatchObject({ code: 'VERSION_MISMATCH' });
    expect(error.message).toContain(`one side speaks version ${WIRE_VERSION} of the wire, the other 999.`);

    const [other, broker] = await pair(fresh());
    const greeted = rejection(greet(other, greeting));
    broker.write(
      Buffer.concat([
        Buffer.from('portmesh'),
        frame({ version: 999, format: FORMAT, refused: ['VERSION_MISMATCH', ''] }),
      ]),
    );
    expect(await greeted).toMatchObject({ code: 'VERSION_MISMATCH' });
    expect((await greeted).message).toContain(`one side speaks version ${WIRE_VERSION} of the wire, the other 999.`);
  });

  it("another format of V8's: an error on both sides, with both numbers", async () => {
    const [dialer, listener] = await pair(fresh());
    const received = rejection(receive(listener, reception));
    dialer.write(first(dialer, { format: 99 }));
    expect(await heard(dialer)).toContain('VERSION_MISMATCH');
    expect((await received).message).toContain(`the V8 of one side writes format ${FORMAT}, that of the other 99.`);
  });

  it('silence: a time-out on either side, and the socket is gone', async () => {
    const [dialer, listener] = await pair(fresh());
    const error = await rejection(receive(listener, { ...reception, timeout: 30 }));
    expect(error).toMatchObject({ code: 'TIMEOUT' });
    expect(error.message).toBe('broker: the other side did not end the handshake within 30 ms, and said nothing.');
    expect(listener.destroyed).toBe(true);
    expect(await heard(dialer)).toBe('');

    const [other] = await pair(fresh());
    const silent = await rejection(greet(other, { ...greeting, timeout: 30 }));
    expect(silent).toMatchObject({ code: 'TIMEOUT', message: expect.stringMatching(/^connect\(\): .* within 30 ms/) });
    expect(other.destroyed).toBe(true);
  });

  it('a dialer gives up when its signal aborts, before and during', async () => {
    const [dialer] = await pair(fresh());
    const early = rejection(greet(dialer, { ...greeting, signal: AbortSignal.abort('why') }));
    expect(await early).toMatchObject({ code: 'ABORTED', cause: 'why' });
    expect(dialer.destroyed).toBe(true);
    const [other] = await pair(fresh());
    const controller = new AbortController();
    const greeted = rejection(greet(other, { ...greeting, signal: controller.signal }));
    controller.abort('later');
    expect(await greeted).toMatchObject({ code: 'ABORTED', cause: 'later' });
    expect(other.destroyed).toBe(true);
  });

  it('a listener that closes without a word', async () => {
    const [dialer, listener] = await pair(fresh());
    listener.destroy();
    const error = await rejection(greet(dialer, greeting));
    expect(error).toMatchObject({
      code: 'BRIDGE_GONE',
      message: expect.stringMatching(
        /closed the connection .*, and said nothing\. Has its process just ended, or too many files open/,
      ),
    });
  });

  it('a socket that has gone before', async () => {
    const [dialer, listener] = await pair(fresh());
    dialer.destroy();
    expect(await rejection(greet(dialer, greeting))).toMatchObject({ code: 'BRIDGE_GONE' });
    listener.destroy();
    expect(await rejection(receive(listener, reception))).toMatchObject({ code: 'PROTOCOL' });
  });
});
