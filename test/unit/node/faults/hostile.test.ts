import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import * as control from '../../../../src/core/broker/control.js';
import type { Bus } from '../../../../src/core/bus/bus.js';
import type { Port } from '../../../../src/core/port/port.js';
import type { Broker } from '../../../../src/node/broker/broker.js';
import { LinkListener } from '../../../../src/node/client/link-listener.js';
import { openConnection } from '../../../../src/node/connection.js';
import type { Address } from '../../../../src/node/net/address.js';
import type { Mux } from '../../../../src/node/socket/mux.js';
import { deferred, rejection } from '../../../contract/case.js';
import { ControlSide } from '../../support/control-side.js';
import { until } from '../../support/guests.js';
import { controlPost, junk, linkPost } from '../../support/hostile.js';
import { NodeMesh, secrets } from '../../support/node-mesh.js';
import { assertProperty, scale } from '../../support/seeds.js';

// M26 on sockets: a peer that knows the secret, and says nonsense to its broker, and to who has linked to it. The process lives, the
// reports say so, others are untouched.

let mesh: NodeMesh;
let broker: Broker;
let honest: [Bus, Bus];
beforeEach(async () => {
  mesh = new NodeMesh();
  broker = await mesh.broker();
  honest = [await mesh.join('a'), await mesh.join('b')];
  for (const bus of honest) {
    bus.handle('echo', (_, value) => value);
    bus.on('e', () => {});
    await bus.subscribe('ready', () => {});
  }
});
afterEach(() => mesh.close());

/** A peer by hand. */
class Rogue {
  readonly side: ControlSide;
  readonly id: string;
  readonly mux: Mux;
  /** How many of its links have ended. */
  ended = 0;

  private constructor(mux: Mux, side: ControlSide) {
    this.mux = mux;
    this.side = side;
    this.id = (side.of(control.WELCOME)[0]![0] as control.Welcome).self.id;
  }

  static async join(): Promise<Rogue> {
    const hello = { name: 'rogue', process: { id: 'rogue', pid: 1 } };
    const mux = await openConnection(
      { path: mesh.path },
      { role: 'peer', id: 'peer', key: secrets.peer, hello, timeout: 5000, call: 'connect()' },
    );
    const side = new ControlSide(mux.port);
    await until(() => side.messages.length > 0);
    return new Rogue(mux, side);
  }

  /** Links to a peer, in order; what comes on the link is dropped. */
  async link(to: string): Promise<Port> {
    const ticket = new Promise<control.Message>((resolve) => {
      this.side.onMessage = (message) => message[0] === control.TICKET && resolve(message);
    });
    this.side.post([control.DIAL, 1, to, 0]);
    const [, , id, key, address] = (await ticket) as [number, number, string, string, Address];
    const mux = await openConnection(address, { role: 'link', id, key, hello: {}, timeout: 5000, call: 'link' });
    mux.port.start({ message() {}, unreadable() {}, close: () => this.ended++ });
    return mux.port;
  }

  /** All that it has said was taken. */
  async settled(): Promise<boolean> {
    const gone = this.side.closed.then(() => false);
    const token = 1_000_000 + Math.floor(Math.random() * 1e9);
    const answered = new Promise<boolean>((resolve) => {
      this.side.onMessage = ([kind, each]) => kind === control.SYNCED && each === token && resolve(true);
    });
    this.side.post([control.SYNC, token]);
    return Promise.race([answered, gone]);
  }
}

/** Posts it, if it can be. */
function post(port: Port, value: unknown): void {
  try {
    port.post(value);
  } catch {
    // Not even this one can send it.
  }
}

/** Two others talk as if nothing were. */
async function unhurt(): Promise<void> {
  const [a, b] = honest;
  expect(await a.to(b.self).request('echo', 'there')).toBe('there');
  expect(await b.to(a.self).request('echo', 'back')).toBe('back');
  expect([a.state, b.state]).toEqual(['open', 'open']);
}

const sockets = fc.oneof(
  fc.tuple(fc.nat(30), fc.constantFrom('nobody', '__proto__', 'ID'), fc.nat(5)).map((rest) => [control.DIAL, ...rest]),
  fc.tuple(fc.oneof(fc.constant('t'), junk), junk).map((rest) => [control.LISTENING, ...rest]),
  fc.tuple(fc.oneof(fc.constant('t'), junk), junk).map((rest) => [control.DEAF, ...rest]),
  fc.nat(30).map((token) => [control.QUERY, token]),
  fc
    .tuple(fc.nat(30), fc.array(fc.oneof(fc.constant('e'), junk), { maxLength: 3 }), junk)
    .map((rest) => [control.STATE, ...rest]),
  fc.array(junk, { maxLength: 5 }),
);

it('on its control port', async () => {
  const { malformed } = broker.state();
  const ids = honest.map(({ self }) => self.id);
  const some = fc.oneof(controlPost(ids), fc.array(sockets, { maxLength: 4 }));
  let rogue = await Rogue.join();
  await assertProperty(
    'hostile control posts',
    fc.asyncProperty(fc.array(some, { minLength: 1, maxLength: 10 }), async (posts) => {
      for (const each of posts) post(rogue.side.port, each);
      if (!(await rogue.settled())) rogue = await Rogue.join();
    }),
    { numRuns: 150 * scale },
  );
  await unhurt();
  expect(broker.state().malformed).toBeGreaterThan(malformed);
  rogue.mux.close();
  await until(() => broker.peers.length === 2);
  expect(broker.state()).toMatchObject({ bridges: 0, guests: 0 });
  expect(Object.keys(broker.state().channels).sort()).toEqual(['e', 'echo', 'ready']);
  await unhurt();
}, 60_000);

it('on a link', async () => {
  const rogue = await Rogue.join();
  const problems: unknown[] = [];
  honest[0].onError((error) => problems.push(error));
  await until(() => honest[0].peers.get(rogue.id) !== undefined);
  let links = 1;
  let port = await rogue.link(honest[0].self.id);
  await assertProperty(
    'hostile posts on a link',
    fc.asyncProperty(fc.array(linkPost, { minLength: 1, maxLength: 10 }), async (posts) => {
      for (const each of posts) post(port, each);
      await unhurt();
      if (rogue.ended === links) {
        links++; // too much of it ends a link
        port = await rogue.link(honest[0].self.id);
      }
    }),
    { numRuns: 100 * scale },
  );
  expect(problems.length).toBeGreaterThan(0);
  rogue.mux.close();
  await until(() => honest[0].peers.get(rogue.id) === undefined);
  await until(() => honest[0].load.links === 1);
  expect(honest[0].load).toMatchObject({ calls: 0, serving: 0, parked: 0, signals: 0 });
  await unhurt();
}, 60_000);

it('in the bytes of a frame, behind the handshake: the connection is ended, and reported', async () => {
  const told: string[] = [];
  broker.on('malformed', (problem) => told.push(problem));
  await assertProperty(
    'hostile bytes',
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.boolean(), async (bytes, huge) => {
      const rogue = await Rogue.join();
      const { port } = rogue.mux;
      const carrier = port.raw.carrier as unknown as { message(id: number, encoded: object, ends: []): void };
      // Under the codec: a kind and a body of its own.
      carrier.message(huge ? 77 : 0, { kind: bytes[0]! % 24, bytes, buffers: [] }, []);
      await Promise.race([rogue.settled(), rogue.side.closed]);
      rogue.mux.close();
    }),
    { numRuns: 50 * scale },
  );
  expect(told.length).toBeGreaterThan(0);
  await until(() => broker.peers.length === 2);
  await unhurt();
}, 60_000);

it('with lies about links: an address where nobody, or somebody else, listens; a link that it was not asked for', async () => {
  const rogue = await Rogue.join();
  await until(() => honest[0].peers.get(rogue.id) !== undefined);
  const lies: unknown[] = [
    { path: '/nowhere/at/all' },
    { path: mesh.path },
    { port: 1 },
    { port: 'x', host: 'example.org' },
    { host: '10.0.0.1', port: 80 },
    null,
    'text',
    { path: 5 },
    {},
  ];
  rogue.side.post([control.CHANGES, 1, [3, 'lure']]);
  await until(() => honest[0].peers.handling('lure').length === 1);
  for (const lie of lies) {
    rogue.side.onMessage = ([kind, id]) => kind === control.LISTEN && rogue.side.post([control.LISTENING, id, lie]);
    const error = await rejection(honest[0].request('lure'));
    expect(error).toMatchObject({ code: 'PEER_GONE', reason: 'lost' });
    expect(error.message).toContain('there is no connection to the peer');
  }
  // A place of its own, where it speaks nonsense.
  const place = new LinkListener({ path: mesh.path });
  const come = deferred<Mux>();
  rogue.side.onMessage = ([kind, id, key]) => {
    if (kind !== control.LISTEN) return;
    void place
      .expect(String(id), String(key), come.resolve)
      .then((address) => rogue.side.post([control.LISTENING, id, address]));
  };
  const call = rejection(honest[0].request('lure'));
  (await come.promise).port.post('nonsense');
  (await come.promise).close();
  expect(await call).toMatchObject({ code: 'PEER_GONE' });
  place.close();
  await unhurt();
  expect(honest[0].load).toMatchObject({ links: 1, calls: 0, parked: 0 });
  // Why not, in words of which a text would have gigabytes.
  let why: unknown[] = ['ha'];
  for (let i = 0; i < 40; i++) why = [why, why];
  rogue.side.onMessage = ([kind, id]) => kind === control.LISTEN && rogue.side.post([control.DEAF, id, why]);
  const { malformed } = broker.state();
  expect(await rejection(honest[0].with({ timeout: 200 }).request('lure'))).toMatchObject({ code: 'TIMEOUT' });
  expect(broker.state().malformed).toBe(malformed + 1);
  await unhurt();
  rogue.mux.close();
}, 30_000);
