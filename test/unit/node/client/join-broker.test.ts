import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { connect } from '../../../../src/node/index.js';
import { rejection } from '../../../contract/case.js';
import { folder, listening } from '../../support/net.js';
import { NodeMesh } from '../../support/node-mesh.js';

let mesh: NodeMesh;
beforeEach(() => void (mesh = new NodeMesh()));
afterEach(() => mesh.close());

describe.each([
  ['a unix socket', {}],
  ['TCP', { port: 0 }],
])('over %s', (_, where) => {
  it('lets two peers talk directly', async () => {
    const broker = await mesh.broker(where);
    const a = await mesh.join('a');
    const b = await mesh.join('b');
    b.handle('echo', (event, value) => [event.sender.name, value]);
    expect(await a.with({ wait: 1000 }).request('echo', new Uint8Array([1, 2]))).toEqual(['a', new Uint8Array([1, 2])]);
    const before = broker.state().sockets.received;
    for (let i = 0; i < 100; i++) await a.request('echo', i);
    expect(broker.state().sockets.received).toBe(before);
    expect(broker.state().links).toBe(1);
  });

  it('links to many peers at once, and Node sees no leak in it', async () => {
    await mesh.broker(where);
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const bus = await mesh.join('one');
    const others = await Promise.all(Array.from({ length: 20 }, (_, i) => mesh.join(`other-${i}`)));
    for (const other of others) other.handle('name', () => other.self.name);
    const names = others.map((other) => other.self.name);
    expect(await Promise.all(names.map((name) => bus.to(name).with({ wait: 1000 }).request('name')))).toEqual(names);
    await new Promise(setImmediate); // warnings are told a turn later
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });
});

it('says why it was not let in before, where the last attempt had little time left', async () => {
  const random = vi.spyOn(Math, 'random').mockReturnValue(1); // attempts after 0, 50, 150, 350 and 750 ms
  onTestFinished(() => random.mockRestore());
  const start = performance.now();
  const path = join(folder(), 'socket');
  await listening({ path }, (socket) => {
    if (performance.now() - start < 700) socket.destroy();
  });
  const error = await rejection(connect({ broker: { path, token: 'x' }, timeout: 1000 }));
  expect(error).toMatchObject({ code: 'BRIDGE_GONE', message: expect.stringContaining('closed the connection') });
});
