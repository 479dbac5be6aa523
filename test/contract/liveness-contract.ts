import { assert } from 'chai';
import { LISTEN } from '../../src/core/directory/entry.js';
import { cases, deferred, type Case } from './case.js';
import type { MeshKind } from './mesh-kind.js';
import { withMesh } from './with-mesh.js';

/** What a bus promises of peers that hang. */
export function livenessContract(kind: MeshKind): Case[] {
  const inMesh = withMesh(kind, { blocks: true });
  return cases({
    'M12: a peer that hangs is unresponsive, then responsive, and nothing pending is rejected': inMesh(async (mesh) => {
      const a = await mesh.join('a');
      const slow = await mesh.joinHanging('slow', ['ask']);
      const news: string[] = [];
      const silent = deferred();
      const back = deferred();
      a.peers.on('unresponsive', ({ name }) => {
        news.push(`unresponsive ${name}`);
        silent.resolve();
      });
      a.peers.on('responsive', ({ name }) => {
        news.push(`responsive ${name}`);
        back.resolve();
      });
      const asked = a.to('slow').request('ask');
      await silent.promise;
      let posts = 0;
      const port = await slow.wake((_, self) => self.post([++posts, 3, 1, 'at last']));
      await back.promise;
      assert.equal(await asked, 'at last');
      assert.deepEqual(news, ['unresponsive slow', 'responsive slow']);
      port.close();
    }),
    'a peer that hangs, and whose link is lost, is responsive when it is heard on the next one': inMesh(
      async (mesh) => {
        const a = await mesh.join('a');
        const slow = await mesh.joinByHand('slow');
        await slow.announce([LISTEN, 'e']);
        const news: string[] = [];
        const silent = deferred();
        const back = deferred();
        a.peers.on('unresponsive', () => (news.push('unresponsive'), silent.resolve()));
        a.peers.on('responsive', () => (news.push('responsive'), back.resolve()));
        a.send('e');
        const lost = await slow.linked;
        lost.start({ message() {}, unreadable() {}, close() {} });
        await silent.promise;
        const dropped = deferred();
        a.onDropped(() => dropped.resolve());
        lost.close();
        await dropped.promise;
        a.send('e'); // on a new link, which has not been heard from
        assert.deepEqual(news, ['unresponsive']);
        const port = await slow.link(a.self.id, 1);
        port.post([0]);
        await back.promise;
        assert.deepEqual(news, ['unresponsive', 'responsive']);
        port.close();
      },
    ),
    'a peer that the broker is still to bring the link to is not unresponsive, whoever else is': inMesh(
      async (mesh) => {
        const [a, b] = [await mesh.join('a'), await mesh.join('b')];
        const slow = await mesh.joinHanging('slow', ['e']);
        b.handle('echo', (_, n: number) => n);
        await b.subscribe('known', () => {});
        a.send('e');
        const port = await slow.wake(() => {});
        const news: string[] = [];
        const silent = deferred();
        a.peers.on('unresponsive', ({ name }) => {
          news.push(name);
          if (name === 'slow') silent.resolve();
        });
        const free = mesh.blockBroker();
        const asked = a.request('echo', 1);
        port.post([0]); // the last that is heard of it: it is silent for as long as the other one, at most
        await silent.promise;
        await new Promise((resolve) => setTimeout(resolve));
        assert.deepEqual(news, ['slow']);
        free();
        assert.equal(await asked, 1);
        port.close();
      },
    ),
    'a peer that takes its time to answer, but lives, is not unresponsive': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const news: unknown[] = [];
      a.peers.on('unresponsive', (peer) => news.push(peer));
      b.handle('slow', () => new Promise((resolve) => setTimeout(resolve, 2200, 'done')));
      await mesh.settled();
      assert.equal(await a.request('slow'), 'done');
      assert.deepEqual(news, []);
    }),
  });
}
