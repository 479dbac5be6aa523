import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { serialize } from 'node:v8';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { Hub } from '../../../src/core/broker/hub.js';
import { defaultLimits } from '../../../src/core/directory/limits.js';
import type { MeshError } from '../../../src/core/errors/mesh-error.js';
import { nodePorts } from '../../../src/core/port/kinds.js';
import { WIRE_VERSION } from '../../../src/core/wire/frames.js';
import { Brokers } from '../../../src/main/brokers/brokers.js';
import { gatewayInMain } from '../../../src/main/brokers/gateway-host.js';
import { checkJoin } from '../../../src/main/brokers/options.js';
import { RemotePolicy } from '../../../src/main/brokers/remote-policy.js';
import { Reception } from '../../../src/main/reception.js';
import { connect } from '../../../src/node/connect.js';
import { createBroker } from '../../../src/node/broker/create-broker.js';
import { rejection } from '../../contract/case.js';
import { until } from '../support/guests.js';
import { folder, frame, heard, leaveBehind, listening, raw } from '../support/net.js';
import { NodeMesh, secrets } from '../support/node-mesh.js';

// What a user gets who gives the wrong thing: an error that names the call, the place, and what to do; and nobody else is hurt.

let mesh: NodeMesh;
beforeEach(() => void (mesh = new NodeMesh()));
afterEach(() => mesh.close());

const token = secrets.peer;

/** A bridge's part that joins brokers, without Electron. */
function bridge(): { join(address: object, timeout?: number): Promise<unknown> } {
  const hub: Hub = new Hub({
    redact: false,
    limits: defaultLimits,
    channel: () => undefined,
    show: (peer) => peer,
    closed: ({ id }) => hub.remove(id, 'lost'),
    left() {},
    malformed() {},
  });
  const reception = new Reception(hub, defaultLimits, () => {});
  const ports = nodePorts(MessageChannel);
  const start = gatewayInMain(ports);
  const policy = new RemotePolicy({ origins: [], authorizeTimeout: 8000, appPath: '/' }, reception);
  const brokers = new Brokers({ hub, reception, policy, ports, gateways: { main: start, utility: start } });
  onTestFinished(() => {
    brokers.close();
    hub.close();
  });
  return { join: (address, timeout = 300) => brokers.join(checkJoin(address, { gateway: 'main', timeout })) };
}

/** The ways to reach a broker: each with the error that it rejects with, for a broker at that address. */
const ways: readonly (readonly [string, (address: object, secret?: string) => Promise<Error & { code?: string }>])[] = [
  [
    'connect()',
    (address, secret = token) => rejection(connect({ broker: { ...address, token: secret }, timeout: 300 })),
  ],
  [
    'bridge.joinBroker()',
    (address, secret = secrets.bridge) => rejection(bridge().join({ ...address, token: secret })),
  ],
];

describe('createBroker()', () => {
  it.each([
    [undefined, 'give an object'],
    [{}, 'there is neither'],
    [{ path: '/tmp/x', port: 1 }, 'there are both'],
    [{ path: `/tmp/${'x'.repeat(120)}` }, /it is \d+ bytes long, and a socket's path has \d+ at most/],
    [{ path: '' }, 'give the path of a socket'],
    [{ path: '\\\\.\\pipe\\x' }, 'on Windows only'],
    [{ port: 70_000 }, 'a whole number up to 65535'],
    [{ port: '80' }, 'a whole number'],
    [{ port: 0, host: '0.0.0.0' }, "only this machine's own"],
    [{ port: 0, host: 'example.org' }, "only this machine's own"],
    [{ path: '/tmp/x', host: '127.0.0.1' }, 'has none'],
    [{ port: 0, secrets: undefined }, 'secrets: { peer }'],
    [{ port: 0, secrets: { peer: 'short' } }, '16 characters'],
    [{ port: 0, secrets: { peer: 'x'.repeat(16), bridge: 'short' } }, 'secrets: { bridge }'],
    [{ port: 0, secrets: { peer: 'x'.repeat(16), bridge: 'x'.repeat(16) } }, 'must differ'],
    [{ port: 0, authorize: true }, 'a function'],
    [{ port: 0, limits: { seat: 1 } }, "there is no 'seat'"],
    [{ port: 0, limits: { seats: 0 } }, 'a whole number of 1 or more'],
    [{ port: 0, limits: 3 }, 'give an object'],
    [{ port: 0, guests: { count: 1.5 } }, 'count is 1.5'],
    [{ port: 0, secret: 'x' }, 'createBroker({ secret })'],
  ])('%j: says what is wrong, and what to give', async (options, text) => {
    const given = options && { secrets, ...options };
    const error = await rejection(createBroker(given as never));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(/^createBroker\(/) });
    expect(error.message).toMatch(text);
  });

  it('a port that is taken', async () => {
    const { port } = (await mesh.broker({ port: 0 })).address as { readonly port: number };
    const error = await rejection(mesh.broker({ port }));
    expect([error.code, error.message]).toEqual([
      'INVALID_ARGUMENT',
      `createBroker(): another process listens at 127.0.0.1:${port} already. Give another port, or connect to that one.`,
    ]);
    await mesh.join('unhurt');
  });

  it('a path that is taken', async () => {
    await mesh.broker();
    const error = await rejection(mesh.broker());
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(mesh.path) });
    await mesh.join('unhurt');
  });

  it('a path where something else is', async () => {
    const path = join(folder(), 'file');
    writeFileSync(path, 'mine');
    const error = await rejection(createBroker({ path, secrets }));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(path) });
  });

  it("a socket's file that a broker has left behind is replaced", async () => {
    await leaveBehind(mesh.path);
    await mesh.broker();
    await mesh.join('a');
  });

  it.runIf(process.getuid?.() === 0)('a folder that it may not write to, and a socket of somebody else', async () => {
    await mesh.broker();
    const path = join(folder(), 'socket');
    process.seteuid?.(65_534);
    try {
      const error = await rejection(createBroker({ path, secrets }));
      expect([error.code, error.message]).toEqual([
        'NOT_AUTHORIZED',
        `createBroker(): no permission to make a socket in ${dirname(path)}. Give another path.`,
      ]);
      const joining = await rejection(mesh.join('a'));
      expect([joining.code, joining.message]).toEqual([
        'NOT_AUTHORIZED',
        `connect({ name: 'a' }): no permission to connect to ${mesh.path}: only the user who listens there may.`,
      ]);
    } finally {
      process.seteuid?.(0);
    }
  });
});

describe.each(ways)('%s', (call, fails) => {
  const begins = (place: string): RegExp => new RegExp(`^${call.replace('()', '\\(\\)')} at ${place}: `);

  it('nobody is there: names the place, and asks whether the broker runs', async () => {
    const error = await fails({ path: mesh.path });
    expect(error).toMatchObject({
      message: expect.stringContaining(`nobody listens at ${mesh.path}: is the broker running`),
    });
    expect(error.message.startsWith(call)).toBe(true);
    expect(error.code).toBe(call === 'connect()' ? 'BRIDGE_GONE' : 'TIMEOUT');
  });

  it('a wrong secret, and that of the other kind: refused, at once; the broker hears of it, and others are unhurt', async () => {
    const broker = await mesh.broker();
    const refused: [MeshError, string][] = [];
    broker.on('refused', (...args) => refused.push(args));
    const bus = await mesh.join('unhurt');
    for (const secret of ['some other secret', call === 'connect()' ? secrets.bridge : secrets.peer]) {
      const error = await fails({ path: mesh.path }, secret);
      expect(error).toMatchObject({ code: 'NOT_AUTHORIZED', message: expect.stringContaining('secret') });
      expect(error.message).not.toContain(secret);
      expect(error.message).toMatch(begins(mesh.path));
    }
    await until(() => refused.length === 2);
    for (const [error, where] of refused) expect([error.code, where]).toEqual(['NOT_AUTHORIZED', mesh.path]);
    expect(broker.state()).toMatchObject({ refused: 2, bridges: 0, guests: 0 });
    expect(await bus.queryState()).toMatchObject({ refused: 2 });
  });

  it('a broker of another version: both versions are named', async () => {
    const place = await listening({ path: mesh.path }, (socket) => {
      socket.resume();
      socket.on('error', () => {});
      socket.write(
        Buffer.concat([
          Buffer.from('portmesh'),
          frame({ version: WIRE_VERSION + 1, format: serialize(0)[1], nonce: 'n', proof: 'p' }),
        ]),
      );
    });
    const error = await fails(place.address);
    expect(error).toMatchObject({ code: 'VERSION_MISMATCH' });
    expect(error.message).toMatch(begins(mesh.path));
    expect(error.message).toMatch(new RegExp(`version ${WIRE_VERSION} .* ${WIRE_VERSION + 1}\\b`));
  });

  it('something else listens there: says what it says', async () => {
    const server = createServer((_, response) => void response.end()).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const error = await fails({ port: (server.address() as AddressInfo).port });
    expect(error.message).toMatch(/something else listens there: it says \\?"HTTP/);
    expect(error.code).toBe(call === 'connect()' ? 'PROTOCOL' : 'TIMEOUT');
  });
});

describe('who comes to a broker', () => {
  it('a peer of another version: refused, both versions are named at both ends', async () => {
    const broker = await mesh.broker();
    const refused: MeshError[] = [];
    broker.on('refused', (error) => refused.push(error));
    const socket = await raw({ path: mesh.path });
    socket.end(
      Buffer.concat([
        Buffer.from('portmesh'),
        frame({ version: 99, format: serialize(0)[1], role: 'peer', id: 'peer', at: 0, nonce: 'n' }),
      ]),
    );
    expect(await heard(socket)).toMatch(new RegExp(`VERSION_MISMATCH.*version ${WIRE_VERSION}.* 99`));
    await until(() => refused.length === 1);
    expect(refused[0]).toMatchObject({ code: 'VERSION_MISMATCH', message: expect.stringContaining('99') });
  });

  it('a browser: an answer in its own words', async () => {
    const broker = await mesh.broker({ port: 0 });
    const refused: [MeshError, string][] = [];
    broker.on('refused', (...args) => refused.push(args));
    const bus = await mesh.join('unhurt');
    const response = await fetch(`http://127.0.0.1:${(broker.address as { readonly port: number }).port}/`);
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('portmesh')]);
    await until(() => refused.length === 1);
    expect(refused[0]).toEqual([
      expect.objectContaining({ code: 'PROTOCOL', message: expect.stringContaining('speaks HTTP: a browser?') }),
      expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    ]);
    expect(await bus.queryState()).toMatchObject({ refused: 1, malformed: 0, guests: 0 });
  });
});

describe('connect({ broker })', () => {
  it.each([
    [null, 'token'],
    [{}, 'token'],
    [{ token: '' }, "the broker's secret"],
    [{ token }, 'there is neither'],
    [{ token, path: '/tmp/x', port: 1 }, 'there are both'],
    [{ token, port: 1, host: '10.0.0.1' }, "only this machine's own"],
    [{ token, path: `/tmp/${'x'.repeat(120)}` }, 'bytes long'],
  ])('%j: says what is wrong', async (broker, text) => {
    const error = await rejection(connect({ broker } as never));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(text) });
    expect(error.message).toMatch(/^connect\(\{ broker/);
  });

  it('beside via: one of the two', async () => {
    const error = await rejection(connect({ broker: { path: mesh.path, token }, via: null } as never));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('one of the two') });
  });
});
