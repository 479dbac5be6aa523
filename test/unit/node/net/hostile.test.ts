import fc from 'fast-check';
import { once } from 'node:events';
import { get } from 'node:http';
import type { Socket } from 'node:net';
import { serialize } from 'node:v8';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WIRE_VERSION } from '../../../../src/core/wire/frames.js';
import { dial } from '../../../../src/node/net/dial.js';
import { greet } from '../../../../src/node/net/handshake.js';
import { prove } from '../../../../src/node/net/proof.js';
import { rejection } from '../../../contract/case.js';
import { Door, patience, SECRET, until } from '../../support/guests.js';
import { frame, heard, kinds, listening, raw } from '../../support/net.js';

const MAGIC = 'portmesh';

function hello(socket: Socket, changed: object = {}): Record<string, unknown> {
  const format = serialize(0)[1];
  const at = socket.remotePort ?? 0;
  return { version: WIRE_VERSION, format, role: 'peer', id: 'p', at, nonce: 'n'.repeat(44), ...changed };
}

describe.each(kinds)('hostile guests, %s', (_, fresh) => {
  it('garbage: refused, reported, and nobody else is hurt', async () => {
    const door = await Door.open(fresh(), { timeout: 300 });
    const guest = await door.visit();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.boolean(), async (bytes, magic) => {
        const socket = await raw(door.address);
        socket.end(Buffer.concat([Buffer.from(magic ? MAGIC : ''), bytes]));
        await heard(socket);
      }),
      { numRuns: 200 },
    );
    await until(() => door.refused.length === 200);
    for (const [error] of door.refused)
      expect(error).toMatchObject({ code: 'PROTOCOL', message: expect.stringMatching(/^refused: /) });
    expect(door.place.state()).toEqual({ inside: 0, waiting: 0, admitted: 1, refused: { PROTOCOL: 200 } });
    door.admitted[0]?.[0].end('unhurt');
    expect(await heard(guest)).toBe('unhurt');
  });

  it('first messages of every shape: each is answered or refused, none is let in', async () => {
    const door = await Door.open(fresh());
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('peer', 'bridge', '__proto__', 'constructor', WIRE_VERSION, 0),
    );
    const shape = fc.record(
      { role: value, id: value, at: value, nonce: value, version: value, format: value },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(shape, fc.jsonValue(), async (changed, second) => {
        const socket = await raw(door.address);
        socket.end(Buffer.concat([Buffer.from(MAGIC), frame({ ...hello(socket), ...changed }), frame(second)]));
        expect(await heard(socket)).toContain('refused');
      }),
      { numRuns: 200 },
    );
    await until(() => door.place.state().inside === 0);
    expect(door.refused).toHaveLength(200);
    expect(door.admitted).toEqual([]);
  });

  it('half a message and silence', async () => {
    const door = await Door.open(fresh(), { timeout: 50 });
    const socket = await raw(door.address);
    socket.write(Buffer.concat([Buffer.from(MAGIC), frame(hello(socket))]).subarray(0, 40));
    expect(await heard(socket)).toBe('');
    expect(await door.refusal()).toMatchObject({
      code: 'TIMEOUT',
      message: 'refused: the other side did not end the handshake within 50 ms, after 40 bytes.',
    });
  });

  it('slowly, byte by byte, gives nobody more time', async () => {
    const door = await Door.open(fresh(), { timeout: 200 });
    const socket = await raw(door.address);
    const bytes = Buffer.concat([Buffer.from(MAGIC), frame(hello(socket))]);
    let sent = 0;
    const dripping = setInterval(() => socket.write(bytes.subarray(sent, ++sent)), 10);
    onTestFinished(() => clearInterval(dripping));
    const start = performance.now();
    await heard(socket);
    expect(performance.now() - start).toBeLessThan(2000);
    expect(sent).toBeLessThan(bytes.length);
    expect(await door.refusal()).toMatchObject({ code: 'TIMEOUT' });
  });

  it('a message that claims 4 GiB is refused at once', async () => {
    const door = await Door.open(fresh(), { timeout: 60_000 });
    const socket = await raw(door.address);
    socket.write(Buffer.concat([Buffer.from(MAGIC), Buffer.from([255, 255, 255, 255])]));
    expect(await heard(socket)).toContain('"refused":["PROTOCOL"');
    expect(await door.refusal()).toMatchObject({
      code: 'PROTOCOL',
      message: 'refused: a message of the handshake has 4096 bytes at most, and 4294967295 were to come.',
    });
  });

  it('more bytes than anybody needs', async () => {
    const door = await Door.open(fresh(), { timeout: 60_000 });
    const socket = await raw(door.address);
    socket.write(Buffer.concat([Buffer.from(MAGIC), Buffer.alloc(1 << 20)]));
    await heard(socket);
    expect((await door.refusal()).code).toMatch(/LIMIT|PROTOCOL/);
    const patient = await raw(door.address);
    patient.write(Buffer.concat([Buffer.from(MAGIC), frame(hello(patient))]));
    await once(patient, 'data');
    patient.write(Buffer.alloc(9000, ' '));
    await heard(patient);
    await until(() => door.refused.length === 2);
    expect(door.refused[1]?.[0]).toMatchObject({
      code: 'LIMIT',
      message: 'refused: the other side sent more than 8192 bytes before it was let in.',
    });
  });

  it('another role than those there are looks like a wrong secret', async () => {
    const door = await Door.open(fresh());
    for (const role of ['bridge', 'link', '__proto__', 'hasOwnProperty']) {
      const socket = await dial(door.address, patience);
      const error = rejection(greet(socket, { ...patience, role: role as 'link', id: 'x', key: SECRET, hello: 1 }));
      expect(await error).toMatchObject({ code: 'NOT_AUTHORIZED' });
    }
    await until(() => door.refused.length === 4);
    expect(door.place.state().refused).toEqual({ NOT_AUTHORIZED: 4 });
  });

  it('a handshake that was overheard is worth nothing again', async () => {
    const door = await Door.open(fresh());
    const socket = await dial(door.address, patience);
    const overheard: Buffer[] = [];
    const { write } = socket;
    socket.write = ((chunk: Buffer) => {
      overheard.push(chunk);
      return write.call(socket, chunk);
    }) as never;
    await greet(socket, { ...patience, role: 'peer', id: 'p', key: SECRET, hello: 'hello' });
    expect(overheard).toHaveLength(2);
    const replayed = await raw(door.address);
    replayed.write(Buffer.concat(overheard));
    expect(await heard(replayed)).toContain('"refused":["NOT_AUTHORIZED"');
    expect(await door.refusal()).toMatchObject({ code: 'NOT_AUTHORIZED' });
    expect(door.admitted).toHaveLength(1);
  });

  it("the listener's own proof, sent back, is none of a dialer", async () => {
    const door = await Door.open(fresh());
    const socket = await raw(door.address);
    socket.write(Buffer.concat([Buffer.from(MAGIC), frame(hello(socket))]));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    const { proof } = JSON.parse(answer.subarray(12).toString()) as { proof: string };
    socket.write(frame({ proof, hello: '"hello"' }));
    expect(await heard(socket)).toContain('"refused":["NOT_AUTHORIZED"');
    expect(await door.refusal()).toMatchObject({ code: 'NOT_AUTHORIZED' });
  });

  it('a proof for another hello, id or role is none', async () => {
    const door = await Door.open(fresh());
    const said = [
      { proven: { id: 'other' }, text: '1' },
      { proven: { role: 'bridge' }, text: '1' },
      { proven: {}, text: '2' },
    ];
    for (const { proven, text } of said) {
      const socket = await raw(door.address);
      const first = hello(socket);
      socket.write(Buffer.concat([Buffer.from(MAGIC), frame(first)]));
      const [answer] = (await once(socket, 'data')) as [Buffer];
      const { nonce } = JSON.parse(answer.subarray(12).toString()) as { nonce: string };
      const proof = prove(SECRET, 'dialer', JSON.stringify({ ...first, ...proven }), nonce, '1');
      socket.write(frame({ proof, hello: text }));
      expect(await heard(socket)).toContain('"refused":["NOT_AUTHORIZED"');
    }
    await until(() => door.refused.length === 3);
    expect(door.admitted).toEqual([]);
  });

  it('a hello that is no JSON, of one who knows the secret', async () => {
    const door = await Door.open(fresh());
    const socket = await raw(door.address);
    const first = hello(socket);
    socket.write(Buffer.concat([Buffer.from(MAGIC), frame(first)]));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    const { nonce } = JSON.parse(answer.subarray(12).toString()) as { nonce: string };
    socket.write(frame({ proof: prove(SECRET, 'dialer', JSON.stringify(first), nonce, '{'), hello: '{' }));
    expect(await heard(socket)).toContain('the hello is no JSON');
    expect(await door.refusal()).toMatchObject({ code: 'PROTOCOL' });
  });

  it('what comes right behind the last message is kept, if it is not too much', async () => {
    const door = await Door.open(fresh());
    const socket = await raw(door.address);
    const first = hello(socket);
    socket.write(Buffer.concat([Buffer.from(MAGIC), frame(first)]));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    const { nonce } = JSON.parse(answer.subarray(12).toString()) as { nonce: string };
    const last = frame({ proof: prove(SECRET, 'dialer', JSON.stringify(first), nonce, '1'), hello: '1' });
    socket.end(Buffer.concat([last, Buffer.from('and more')]));
    await until(() => door.admitted.length === 1);
    expect(await heard(door.admitted[0]![0])).toBe('and more');
  });
});

describe.each(kinds)('hostile listeners, %s', (_, fresh) => {
  /** What a dialer makes of a listener that says `bytes`. */
  async function dialed(
    bytes: (socket: Socket) => Buffer | string,
    timeout = 5000,
  ): Promise<Error & { code?: string }> {
    const place = await listening(fresh(), (socket) => void socket.resume().write(bytes(socket)));
    const socket = await dial(place.address, patience);
    const error = await rejection(
      greet(socket, { ...patience, timeout, role: 'peer', id: 'p', key: SECRET, hello: 1 }),
    );
    if (!socket.closed) await once(socket, 'close');
    return error;
  }

  it('one that speaks something else', async () => {
    const error = await dialed(() => 'HTTP/1.1 400 Bad Request\r\n\r\n');
    expect(error).toMatchObject({ code: 'PROTOCOL' });
    expect(error.message).toBe('connect(): something else listens there: it says "HTTP/1.1".');
    expect((await dialed(() => '220 ready\x1b[2J\r\n')).message).toContain('"220 read"');
    expect(await dialed(() => 'SSH', 50)).toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringMatching(/after 3 bytes/),
    });
  });

  it('one that claims 4 GiB', async () => {
    const error = await dialed(() => Buffer.concat([Buffer.from(MAGIC), Buffer.from([255, 255, 255, 255])]));
    expect(error).toMatchObject({ code: 'PROTOCOL' });
  });

  it('one that does not know the secret learns no hello', async () => {
    let text = '';
    const error = await dialed((socket) => {
      socket.on('data', (data) => (text += data.toString('latin1')));
      const { version, format } = hello(socket);
      return Buffer.concat([
        Buffer.from(MAGIC),
        frame({ version, format, nonce: 'n'.repeat(44), proof: 'p'.repeat(44) }),
      ]);
    });
    expect(error).toMatchObject({ code: 'NOT_AUTHORIZED' });
    await until(() => text.includes('refused'));
    expect(text).not.toContain('"hello"');
  });

  it('answers of every shape', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.boolean(), async (value, versions) => {
        const error = await dialed((socket) => {
          const { version, format } = hello(socket);
          const said = versions ? { version, format, ...(value as object) } : value;
          return Buffer.concat([Buffer.from(MAGIC), frame(said), frame(value)]);
        });
        expect(error.code).toMatch(/PROTOCOL|NOT_AUTHORIZED|VERSION_MISMATCH/);
      }),
      { numRuns: 100 },
    );
  });

  it('of a refusal, only the known codes are believed, and the text is quoted', async () => {
    const refusal = (refused: unknown) => (socket: Socket) => {
      const { version, format } = hello(socket);
      return Buffer.concat([Buffer.from(MAGIC), frame({ version, format, refused })]);
    };
    const error = await dialed(refusal(['PEER_GONE', `\x1b[31m${'x'.repeat(3000)}`]));
    expect(error.code).toBe('PROTOCOL');
    expect(error.message).toContain('refused by the other side: "\\u001b[31mxxx');
    expect(error.message.length).toBeLessThan(400);
    expect(await dialed(refusal(['LIMIT', 'later']))).toMatchObject({ code: 'LIMIT' });
    for (const odd of [null, 7, [], [{}], [7, {}]])
      expect(await dialed(refusal(odd))).toMatchObject({ code: 'PROTOCOL' });
  });
});

describe('strangers at a port', () => {
  it('a browser gets an answer in its own words', async () => {
    const door = await Door.open({ port: 0 });
    const { port } = door.address as { port: number };
    const [response] = (await once(get({ port, host: '127.0.0.1', path: '/' }), 'response')) as [
      import('node:http').IncomingMessage,
    ];
    let body = '';
    for await (const chunk of response) body += chunk;
    expect(response.statusCode).toBe(400);
    expect(response.headers['access-control-allow-origin']).toBeUndefined();
    expect(body).toMatch(/protocol of portmesh, .* not HTTP/);
    expect(await door.refusal()).toMatchObject({
      code: 'PROTOCOL',
      message: 'refused: the other side speaks HTTP: a browser?',
    });
  });

  it('of a page that posts, nothing is believed', async () => {
    const door = await Door.open({ port: 0 });
    const socket = await raw(door.address);
    const first = Buffer.concat([Buffer.from(MAGIC), frame(hello(socket))]);
    socket.write(Buffer.concat([Buffer.from(`POST / HTTP/1.1\r\nContent-Length: ${first.length}\r\n\r\n`), first]));
    expect(await heard(socket)).toMatch(/^HTTP\/1\.1 400/);
    expect(door.admitted).toEqual([]);
  });

  it('one that speaks TLS', async () => {
    const door = await Door.open({ port: 0 });
    const { port } = door.address as { port: number };
    const socket = connectTls({ port, host: '127.0.0.1' });
    await once(socket, 'error');
    expect(await door.refusal()).toMatchObject({ message: 'refused: the other side speaks TLS, not portmesh.' });
  });

  it("one that listens in a broker's old place, and passes all on to another broker, is found out", async () => {
    const door = await Door.open({ port: 0 });
    const between = await listening({ port: 0 }, (socket) => {
      void dial(door.address, patience).then((other) => socket.pipe(other).pipe(socket));
    });
    const socket = await dial(between.address, patience);
    const error = await rejection(greet(socket, { ...patience, role: 'peer', id: 'p', key: SECRET, hello: 'secret' }));
    expect(error).toMatchObject({ code: 'PROTOCOL' });
    const [dialed, come] = [between.address, door.address].map((each) => (each as { port: number }).port);
    expect(error.message).toContain(
      `it dialed port ${dialed}, and has come to ${come}. Don't forward ports: a mesh is of one machine.`,
    );
    expect(door.admitted).toEqual([]);
  });

  it('one that resets the connection at any moment crashes nothing', async () => {
    const door = await Door.open({ port: 0 });
    for (const bytes of ['', 'port', MAGIC, `${MAGIC}\0\0\0\x02{}`]) {
      const socket = await raw(door.address);
      socket.write(bytes);
      await until(() => door.place.state().inside === 1);
      socket.resetAndDestroy();
      await until(() => door.place.state().inside === 0);
    }
    await door.visit();
    expect(door.admitted).toHaveLength(1);
  });
});
