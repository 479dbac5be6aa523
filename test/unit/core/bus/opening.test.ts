import { expect, it } from 'vitest';
import { CHANGES } from '../../../../src/core/broker/control.js';
import { openPort, type OpenerOwner } from '../../../../src/core/bus/opening.js';
import { HANDLE, UNHANDLE } from '../../../../src/core/directory/entry.js';
import { defaultLimits } from '../../../../src/core/directory/limits.js';
import { MeshError } from '../../../../src/core/errors/mesh-error.js';
import { createMemoryChannel } from '../../../../src/core/port/memory-port.js';
import { MeshPort } from '../../../../src/core/port/mesh-port.js';
import type { Port } from '../../../../src/core/port/port.js';
import { MISSED, PORT, RESULT } from '../../../../src/core/wire/frames.js';
import { transfer } from '../../../../src/core/wire/transfer.js';
import { deferred, rejection } from '../../../contract/case.js';
import { TestMesh } from '../../../contract/mesh.js';
import { handleRaw } from '../../support/handle-raw.js';
import { turn } from '../../support/turn.js';

const kind = { make: () => createMemoryChannel().ports };
const options = { timeout: undefined, signal: undefined, wait: 0 };

/** A bus whose channels are made in another process, which takes its time. */
class Waiting implements OpenerOwner {
  readonly made = deferred<readonly [object, object]>();
  readonly limits = defaultLimits;
  closed: MeshError | undefined;

  get requests(): never {
    return expect.unreachable('nothing to be asked yet');
  }

  check(): void {
    if (this.closed) throw this.closed;
  }

  channel(): Promise<readonly [object, object]> {
    return this.made.promise;
  }

  makePort(): never {
    return expect.unreachable('nobody has taken it');
  }
}

it('its time-out, and its signal, hold while the channel is being made; one that comes later is closed', async () => {
  const owner = new Waiting();
  const timed = rejection(openPort(owner, 'b', 'x', [], { ...options, timeout: 20 }));
  const aborting = new AbortController();
  const aborted = rejection(openPort(owner, 'b', 'x', [], { ...options, signal: aborting.signal }));
  aborting.abort('enough');
  expect(await aborted).toMatchObject({ code: 'ABORTED', cause: 'enough' });
  expect(await timed).toMatchObject({ code: 'TIMEOUT', message: "openPort('x'): no answer after 20 ms." });
  const [near, far] = createMemoryChannel().ports;
  const closed = deferred();
  far.start({ message() {}, unreadable() {}, close: () => closed.resolve() });
  owner.made.resolve([near, far]);
  await closed.promise;
});

it("a signal that has aborted before, too; what becomes of the channel then is nobody's trouble", async () => {
  const owner = new Waiting();
  const signal = AbortSignal.abort('before');
  const aborted = await rejection(openPort(owner, 'b', 'x', [], { ...options, signal }));
  expect(aborted).toMatchObject({ code: 'ABORTED', cause: 'before' });
  owner.made.reject(new Error('of the seat')); // unhandled, it would fail this run
});

it('says how the bus has ended, while the channel is being made too', async () => {
  const owner = new Waiting();
  const opening = rejection(openPort(owner, 'b', 'x', [], options));
  owner.closed = new MeshError('BRIDGE_GONE', 'the bridge is gone');
  owner.made.reject(new Error('of the seat'));
  expect(await opening).toBe(owner.closed);
  expect(await rejection(openPort(owner, 'b', 'x', [], options))).toBe(owner.closed);
});

it('a port in an argument that does not move is refused, where the call would wait too', async () => {
  const mesh = new TestMesh(kind);
  const a = await mesh.join('a');
  const port = new MeshPort(createMemoryChannel().ports[0], () => expect.unreachable());
  for (const call of [a.openPort('x', { port }), a.request('x', { port }), a.stream('x', { port }).next()]) {
    const error = await rejection(call);
    expect([(error as MeshError).code, error.message]).toEqual([
      'NOT_CLONEABLE',
      expect.stringContaining('transfer(value, [port])'),
    ]);
  }
  mesh.close();
});

/** A peer that says it takes ports on 'video'; `answer` gets each that comes, with the link. */
const takeRaw = (mesh: TestMesh, answer: (link: Port, id: unknown) => void): Port =>
  handleRaw(mesh, 'raw', 'video', PORT, answer);

it('what moved to a peer that turns out not to take the port can not go to the next: NO_HANDLER', async () => {
  const mesh = new TestMesh(kind);
  takeRaw(mesh, (link, id) => link.post([1, MISSED, id, 0]));
  const a = await mesh.join('a');
  const bytes = new Uint8Array(8);
  const error = await rejection(a.openPort('video', transfer(bytes, [bytes.buffer])));
  expect(error.code).toBe('NO_HANDLER');
  mesh.close();
});

it('one that says it takes ports, and never does, is asked once for each time it says so', async () => {
  const mesh = new TestMesh(kind);
  let asked = 0;
  const control = takeRaw(mesh, (link, id) => link.post([++asked, MISSED, id, 0]));
  const a = await mesh.join('a');
  for (let said = 1; said < 4; said++) {
    const error = await rejection(a.openPort('video'));
    expect([error.code, asked]).toEqual(['NO_HANDLER', said]);
  }
  const opening = rejection(a.with({ wait: 20_000 }).openPort('video'));
  while (a.load.parked === 0) await turn();
  expect(asked).toBe(4);
  const changed = new Promise((resolve) => a.peers.once('change', resolve));
  control.post([[CHANGES, 2, [UNHANDLE, 'video', HANDLE, 'video']]]);
  await changed;
  while (a.load.parked === 0) await turn();
  expect(asked).toBe(5);
  await a.close();
  expect((await opening).code).toBe('CLOSED');
  mesh.close();
});

it('one that has announced, before it said no to the last call, that it takes ports again, is asked again', async () => {
  const mesh = new TestMesh(kind);
  let asked = 0;
  const control = takeRaw(mesh, (link, id) => {
    if (++asked > 1) return link.post([asked, RESULT, id, undefined]);
    // By way of the broker, which is faster this time.
    a.peers.once('change', () => link.post([asked, MISSED, id, 0]));
    control.post([[CHANGES, 2, [UNHANDLE, 'video', HANDLE, 'video']]]);
  });
  const a = await mesh.join('a');
  (await a.openPort('video')).close();
  expect(asked).toBe(2);
  mesh.close();
});
