import { assert } from 'chai';
import { MeshPort } from '../../src/core/port/mesh-port.js';
import { transfer, type Transfer } from '../../src/core/wire/transfer.js';
import { cases, deferred, rejection, type Case } from './case.js';
import type { MeshKind } from './mesh-kind.js';
import { idle, withMesh } from './with-mesh.js';

/** The next message of a port that is started. */
function message(port: MeshPort): Promise<{ data: unknown; ports: readonly MeshPort[] }> {
  return new Promise((resolve) => {
    port.addEventListener('message', (event) => resolve(event as unknown as { data: unknown; ports: MeshPort[] }), {
      once: true,
    });
    port.start();
  });
}

function closing(port: MeshPort): Promise<unknown> {
  return new Promise((resolve) => {
    port.addEventListener('close', resolve);
    port.start();
  });
}

/** What moves with a call. */
type Given = Transfer<{ port: MeshPort; bytes?: Uint8Array }>;

/** What ports of their own promise, over every kind of port. */
export function openPortContract(kind: MeshKind): Case[] {
  const inMesh = withMesh(kind);
  return cases({
    'M16: openPort hands over a port that works both ways': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      b.onPort('echo', (event, port, meta) => {
        port.onmessage = ({ data }) => port.postMessage([event.sender.name, meta, data]);
      });
      await mesh.settled();
      const port = await a.openPort('echo', { codec: 'x' });
      assert.instanceOf(port, MeshPort);
      const answer = message(port);
      port.postMessage('hello');
      assert.deepEqual((await answer).data, ['a', { codec: 'x' }, 'hello']);
      port.close();
      assert.deepInclude(a.load, idle);
    }),
    'M16: a port that was received can be passed on, and works when who passed it on is gone': inMesh(async (mesh) => {
      const [a, b, c] = [await mesh.join('a'), await mesh.join('b'), await mesh.join('c')];
      const got = deferred<unknown>();
      c.handle('take', (_, { port }: { port: MeshPort }) => {
        port.onmessage = ({ data }) => got.resolve(data);
        port.postMessage('from c');
      });
      const passed = deferred();
      b.onPort('pass', (_, port) => {
        void b
          .to('c')
          .request('take', transfer({ port }, [port]))
          .then(() => passed.resolve());
      });
      await mesh.settled();
      const port = await a.openPort('pass');
      const answer = message(port);
      await passed.promise;
      await b.close();
      assert.equal((await answer).data, 'from c');
      port.postMessage('from a');
      assert.equal(await got.promise, 'from a');
      port.close();
    }),
    'M17: ports and buffers nested in arguments and results arrive whole': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const opened = deferred<MeshPort>();
      b.onPort('open', (_, port) => opened.resolve(port));
      b.handle('return', (_, given: { list: [Map<string, MeshPort>, Uint8Array] }) => {
        const port = given.list[0].get('p') as MeshPort;
        return transfer({ back: port, bytes: given.list[1] }, [port, given.list[1].buffer]);
      });
      await mesh.settled();
      const near = await a.openPort('open');
      const far = await opened.promise;
      // b's end goes to b from a: over the link, into a Map in an array, and back in a result.
      const toA = deferred<MeshPort>();
      a.on('port', (_, { port }: { port: MeshPort }) => toA.resolve(port));
      await b.subscribe('x', () => {});
      b.to('a').send('port', transfer({ port: far }, [far]));
      const here = await toA.promise;
      const bytes = new Uint8Array([1, 2, 3]);
      const list = [new Map([['p', here]]), bytes, {}, { nothing: {} }];
      const back = (await a.request('return', transfer({ list }, [here, bytes.buffer]))) as {
        back: MeshPort;
        bytes: Uint8Array;
      };
      assert.equal(bytes.byteLength, 0, 'it has moved');
      assert.deepEqual([...back.bytes], [1, 2, 3]);
      const answer = message(back.back);
      near.postMessage('still there');
      assert.equal((await answer).data, 'still there');
      near.close();
    }),
    'M17: what moves with a call that has to wait is gone from here at the call, and arrives whole': inMesh(
      async (mesh) => {
        const [a, b] = [await mesh.join('a'), await mesh.join('b')];
        b.onPort('echo', (_, port) => (port.onmessage = ({ data }) => port.postMessage(data)));
        await b.subscribe('known', () => {});
        const late = a.with({ wait: 20_000 });
        const ways: Record<string, (given: Given) => Promise<unknown>> = {
          request: (given) => late.request('later', given),
          stream: (given) => late.stream('later', given).next(),
          openPort: (given) => late.openPort('port', given),
        };
        const arrived: Promise<unknown>[] = [];
        const calls: Promise<unknown>[] = [];
        const take = async (given: { port: MeshPort; bytes: Uint8Array }): Promise<unknown> => {
          const answer = message(given.port);
          given.port.postMessage('through');
          return [[...given.bytes], (await answer).data];
        };
        for (const way of Object.values(ways)) {
          const port = await a.openPort('echo');
          const bytes = new Uint8Array([1, 2, 3]);
          calls.push(way(transfer({ port, bytes }, [port, bytes.buffer])));
          assert.equal(bytes.byteLength, 0);
          assert.isUndefined(port.detach());
        }
        b.onPort('port', (_, port, given) => {
          arrived.push(take(given as never));
          port.close();
        });
        b.handle('later', (_, given) => {
          arrived.push(take(given as never));
          return [1];
        });
        await Promise.all(calls.map((call) => call.catch(() => {})));
        assert.deepEqual(
          await Promise.all(arrived),
          Object.keys(ways).map(() => [[1, 2, 3], 'through']),
        );
        assert.deepInclude(a.load, idle);
      },
    ),
    'what moved with a call that fails later is lost: its ports are closed': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const closed: Promise<unknown>[] = [];
      b.onPort('open', (_, port) => void closed.push(closing(port)));
      await b.subscribe('known', () => {});
      const controller = new AbortController();
      const aborted = a.with({ wait: 20_000, signal: controller.signal });
      const late = a.with({ wait: 20_000 });
      const ways: ((given: Given) => Promise<unknown>)[] = [
        (given) => a.request('nobody', given),
        (given) => a.openPort('nobody', given),
        (given) => a.with({ wait: 20_000, timeout: 20 }).request('nobody', given),
        (given) => aborted.openPort('nobody', given),
        (given) => aborted.request('nobody', given),
        (given) => late.stream('nobody', given).next(),
      ];
      const failed: Promise<{ code?: string }>[] = [];
      for (const way of ways) {
        const port = await a.openPort('open');
        failed.push(rejection(way(transfer({ port }, [port]))));
      }
      const port = await a.openPort('open');
      await late.stream('nobody', transfer(port, [port])).return();
      controller.abort();
      await Promise.all(failed.slice(0, -1));
      await a.close();
      const codes = (await Promise.all(failed)).map(({ code }) => code);
      assert.deepEqual(codes, ['NO_HANDLER', 'NO_HANDLER', 'TIMEOUT', 'ABORTED', 'ABORTED', 'CLOSED']);
      assert.lengthOf(closed, ways.length + 1);
      await Promise.all(closed);
    }),
    'ports travel over ports': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const opened: MeshPort[] = [];
      b.onPort('open', (_, port) => void opened.push(port));
      await mesh.settled();
      const first = await a.openPort('open');
      const second = await a.openPort('open');
      const [there, other] = opened as [MeshPort, MeshPort];
      const arrived = message(there);
      first.postMessage({ take: [second] }, [second]);
      const { data, ports } = await arrived;
      const moved = (data as { take: MeshPort[] }).take[0] as MeshPort;
      assert.equal(ports[0], moved);
      const answer = message(moved);
      other.postMessage('over the moved one');
      assert.equal((await answer).data, 'over the moved one');
      assert.isUndefined(second.detach(), 'it is gone from here');
      moved.close();
      first.close();
    }),
    'a port closes with either end': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const opened = deferred<MeshPort>();
      b.onPort('open', (_, port) => opened.resolve(port));
      await mesh.settled();
      const port = await a.openPort('open');
      const closed = closing(await opened.promise);
      port.close();
      await closed;
    }),
    'M15: nobody who takes ports on the channel: NO_HANDLER, also where it is a request channel': inMesh(
      async (mesh) => {
        const [a, b] = [await mesh.join('a'), await mesh.join('b')];
        b.handle('request', () => 1);
        b.onPort('port', () => {});
        await mesh.settled();
        const error = await rejection(a.openPort('nothing'));
        assert.equal(error.code, 'NO_HANDLER');
        assert.include(error.message, "onPort('nothing', ...)");
        assert.equal((await rejection(a.openPort('request'))).code, 'NO_HANDLER');
        assert.equal((await rejection(a.request('port'))).code, 'NO_HANDLER');
        assert.deepInclude(a.load, idle);
      },
    ),
    'nobody of that name: NO_PEER': inMesh(async (mesh) => {
      const a = await mesh.join('a');
      assert.equal((await rejection(a.to('nobody').openPort('port'))).code, 'NO_PEER');
    }),
    'a handler that throws refuses the port, and its opener gets the error': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const refused = deferred<MeshPort>();
      b.onPort('no', (_, port) => {
        refused.resolve(port);
        throw new TypeError('not this one');
      });
      await mesh.settled();
      assert.instanceOf(await rejection(a.openPort('no')), TypeError);
      (await refused.promise).postMessage('into nothing');
    }),
    'of two that say they take ports, one that does not passes the opening on': inMesh(async (mesh) => {
      const [a, b, c] = [await mesh.join('a'), await mesh.join('b'), await mesh.join('c')];
      b.handle('x', () => 'a request');
      c.onPort('x', (_, port, n) => port.postMessage(n));
      await mesh.settled();
      for (let i = 0; i < 4; i++) {
        const port = await a.openPort('x', i);
        assert.equal((await message(port)).data, i);
        port.close();
      }
    }),
    'with wait, one that did not take ports is asked again when it does': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const other = b.handle('x', () => 'a request');
      await b.subscribe('known', () => {});
      const opening = a.with({ wait: 20_000 }).openPort('x', 1);
      assert.equal((await rejection(a.openPort('x'))).code, 'NO_HANDLER'); // behind the first one
      other.dispose();
      b.onPort('x', (_, port, n) => port.postMessage(n));
      const port = await opening;
      assert.equal((await message(port)).data, 1);
      port.close();
      assert.deepInclude(a.load, idle);
    }),
    'M15: a peer that goes meanwhile: PEER_GONE, with the reason': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      b.onPort('open', () => {});
      await b.subscribe('x', () => {});
      const opening = rejection(a.openPort('open'));
      const reason = mesh.kill(b, 'navigated');
      const error = await opening;
      assert.equal(error.code, 'PEER_GONE');
      assert.equal(error.reason, reason);
    }),
    'M33: ports that were opened to a peer, or by it, end when it is shown out, though it keeps its ends open': inMesh(
      async (mesh) => {
        const [a, b, c] = [await mesh.join('a'), await mesh.join('b'), await mesh.join('c')];
        const opened = deferred<MeshPort>();
        a.onPort('to a', (_, port) => opened.resolve(port));
        for (const bus of [b, c])
          bus.onPort('open', (_, port) => (port.onmessage = ({ data }) => port.postMessage(data)));
        await mesh.settled();
        await b.openPort('to a');
        const [toB, unstarted, toC] = [
          await a.to('b').openPort('open'),
          await a.to('b').openPort('open'),
          await a.to('c').openPort('open'),
        ];
        const ends = Promise.all([opened.promise.then(closing), closing(toB)]);
        mesh.kill(b, 'evicted');
        assert.deepEqual(
          (await ends).map((end) => (end as { reason: string }).reason),
          ['evicted', 'evicted'],
        );
        assert.equal(
          ((await closing(unstarted)) as { reason: string }).reason,
          'evicted',
          'one that is looked at later',
        );
        const answer = message(toC);
        toC.postMessage('others live on');
        assert.equal((await answer).data, 'others live on');
        mesh.kill(c, 'bye');
        const again = message(toC);
        toC.postMessage('as do those of who has left itself');
        assert.equal((await again).data, 'as do those of who has left itself');
        toC.close();
      },
    ),
    'an event with a port that nobody listens to any more closes the port': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      const opened = deferred<MeshPort>();
      b.onPort('open', (_, port) => opened.resolve(port));
      const listener = (): void => {};
      await b.subscribe('port', listener);
      const port = await a.openPort('open');
      a.send('port', transfer(port, [port]));
      b.off('port', listener);
      await closing(await opened.promise);
    }),
    'a port that is not listed in transfer() is refused, and still works': inMesh(async (mesh) => {
      const [a, b] = [await mesh.join('a'), await mesh.join('b')];
      b.onPort('echo', (_, port) => (port.onmessage = ({ data }) => port.postMessage(data)));
      await b.subscribe('e', () => {});
      const port = await a.openPort('echo');
      assert.throws(() => a.send('e', { port }), /transfer\(value/);
      const answer = message(port);
      port.postMessage('alive');
      assert.equal((await answer).data, 'alive');
      port.close();
    }),
  });
}
