import { assert } from 'chai';
import type { MeshError } from '../../src/core/errors/mesh-error.js';
import { LISTEN } from '../../src/core/directory/entry.js';
import * as wire from '../../src/core/wire/frames.js';
import { cases, deferred, rejection, type Case } from './case.js';
import type { MeshKind } from './mesh-kind.js';
import { withMesh } from './with-mesh.js';

function code(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return (error as MeshError).code;
  }
  return undefined;
}

/** What grants promise, over every kind of port. */
export function grantContract(kind: MeshKind): Case[] {
  const inMesh = withMesh(kind);
  return cases({
    'M25: a peer is told at once what it is not granted': inMesh(async (mesh) => {
      const [a] = [await mesh.join('a', { send: ['doc:*'], receive: ['news'] }), await mesh.join('b')];
      assert.equal(
        code(() => a.send('log')),
        'NOT_AUTHORIZED',
      );
      assert.equal((await rejection(a.request('log'))).code, 'NOT_AUTHORIZED');
      assert.equal((await rejection(a.stream('log').next())).code, 'NOT_AUTHORIZED');
      assert.equal((await rejection(a.openPort('log'))).code, 'NOT_AUTHORIZED');
      for (const listen of [
        () => a.on('log', () => {}),
        () => a.handle('log', () => 1),
        () => a.onPort('log', () => {}),
      ])
        assert.equal(code(listen), 'NOT_AUTHORIZED');
      assert.equal(a.listenerCount('log'), 0);
      a.on('news', () => {});
      a.send('doc:saved');
    }),
    'M25: a refusal says what to add to which member of the grant': inMesh(async (mesh) => {
      const a = await mesh.join('a', { send: [], receive: [], services: [] });
      const wants = (act: () => unknown, name: string, member: string): void =>
        assert.throws(act, new RegExp(`is not granted '${name}'\\. Add it to '${member}' of its grant`));
      wants(() => a.send('log'), 'log', 'send');
      wants(() => a.on('log', () => {}), 'log', 'receive');
      wants(() => a.on('service:files/changed', () => {}), 'files', 'services');
      wants(() => a.handle('service:files', () => {}), 'files', 'provides');
      assert.match((await rejection(a.request('service:files'))).message, /granted 'files'\. Add it to 'services'/);
    }),
    'M25: what it is granted works': inMesh(async (mesh) => {
      const a = await mesh.join('a', { send: ['doc:*'], receive: ['news'], peers: ['b'] });
      const b = await mesh.join('b');
      const got: unknown[] = [];
      b.handle('doc:render', (_, n: number) => n + 1);
      await a.subscribe('news', (_, what) => got.push(what));
      await mesh.settled();
      assert.equal(await a.request('doc:render', 1), 2);
      b.send('news', 'yes');
      await b.drain();
      assert.deepEqual(got, ['yes']);
    }),
    'M25: whoever speaks the wire by hand is refused by the receiver': inMesh(async (mesh) => {
      const b = await mesh.join('b');
      const reports: string[] = [];
      const refused = deferred();
      b.onError((error, { channel }) => {
        reports.push(`${(error as MeshError).code} ${channel}`);
        refused.resolve();
      });
      b.on('secret', () => reports.push('the listener ran'));
      b.handle('secret', () => reports.push('the handler ran'));
      const answers: unknown[][] = [];
      const answered = deferred();
      const hostile = await mesh.joinByHand('hostile', { send: ['public'] });
      const link = await hostile.link(b.self.id);
      link.start({
        message(data) {
          answers.push(...(data as unknown[][]).filter((each) => Array.isArray(each)));
          if ((data as unknown[]).includes(wire.FAILURE)) answered.resolve();
        },
        unreadable() {},
        close() {},
      });
      link.post([0, wire.EVENT, 'secret', 0, wire.REQUEST, 1, 'secret', 0, wire.STREAM, 2, 'secret', 10, 0]);
      await refused.promise;
      await answered.promise;
      assert.deepEqual(reports, ['NOT_AUTHORIZED secret']);
      hostile.close();
      link.close();
    }),
    'M25: a peer without the right to receive gets nothing, whatever it announces': inMesh(async (mesh) => {
      const b = await mesh.join('b');
      const hostile = await mesh.joinByHand('hostile', { receive: ['public'] });
      await hostile.announce([LISTEN, 'secret', LISTEN, 'public']);
      assert.lengthOf(b.peers.listening('secret'), 0);
      assert.lengthOf(b.peers.listening('public'), 1);
      hostile.close();
    }),
    'M25: peers that are not granted each other do not see each other': inMesh(async (mesh) => {
      const a = await mesh.join('a', { peers: ['main', 'help*'] });
      const helper = await mesh.join('helper');
      const b = await mesh.join('b');
      await mesh.settled();
      assert.deepEqual(
        [...a.peers].map(({ name }) => name),
        ['helper'],
      );
      assert.deepEqual(
        [...helper.peers].map(({ name }) => name),
        ['a', 'b'],
      );
      assert.deepEqual(
        [...b.peers].map(({ name }) => name),
        ['helper'],
      );
      assert.equal((await rejection(a.to({ id: b.self.id }).request('x'))).code, 'NO_PEER');
    }),
  });
}
