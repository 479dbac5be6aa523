import { EventEmitter } from 'node:events';
import { type Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeAsk } from '../../../src/core/broker/asking.js';
import { share } from '../../../src/node/index.js';
import { rejection } from '../../contract/case.js';
import { FakeParentPort } from '../support/fake-utility.js';
import { MeshWorker } from '../support/mesh-worker.js';

let via: FakeParentPort;
const workers: MeshWorker[] = [];

beforeEach(() => void (via = new FakeParentPort()));
afterEach(async () => {
  via.hub.close();
  for (const { worker } of workers.splice(0)) await worker.terminate();
  expect(via.malformed).toEqual([]);
});

function start(options: ConstructorParameters<typeof MeshWorker>[0] = {}): MeshWorker {
  const worker = new MeshWorker(options);
  workers.push(worker);
  return worker;
}

describe("a utility process's worker", () => {
  it('joins through its host, which vouches for it, under the name that the host says if it says none', async () => {
    const grant = { peers: ['main'] };
    const worker = start();
    share(worker.worker, { via, grant, name: 'thumbs' });
    expect(await worker.outcome()).toEqual(['joined', 'thumbs']);
    expect(via.asks.at(-1)).toMatchObject({ name: 'thumbs', vouch: { type: 'worker', origin: '', grant } });
    expect(via.listenerCount('message')).toBe(0);
  });

  it('keeps the name it asks for, and may do all that its host may, unless that is said', async () => {
    const worker = start({ name: 'own' });
    share(worker.worker, { via });
    expect(await worker.outcome()).toEqual(['joined', 'own']);
    expect(via.asks.at(-1)?.vouch?.grant).toEqual({});
  });

  it('talks to others through its host: links that it opens, and that they open; after close() it exits on its own', async () => {
    const [a, b] = [start({ name: 'a' }), start({ name: 'b' })];
    const main = await via.connect('main');
    main.handle('double', (_, n: number) => 2 * n);
    for (const { worker } of [a, b]) share(worker, { via });
    await Promise.all([a.outcome(), b.outcome()]);
    expect(
      await main
        .to('a')
        .with({ wait: 2000 })
        .request('echo', 1, new Set([2])),
    ).toEqual([1, new Set([2])]);
    expect(await main.to('a').request('ask', 'main', 'double', 4)).toBe(8);
    expect(await main.to('a').request('ask', 'b', 'echo', 'over two relays')).toEqual(['over two relays']);
    expect(await main.to('b').with({ wait: 2000 }).request('ask', 'a', 'ask', 'b', 'echo', 'to and fro')).toEqual([
      'to and fro',
    ]);
    await main.to('a').request('close');
    expect(await a.exited).toBe(0);
    while (via.left.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(via.left).toEqual(['a: bye']);
    expect(await main.to('b').request('echo', 'still here')).toEqual(['still here']);
  });

  it('is lost to the others when it is terminated', async () => {
    const worker = start({ name: 'w' });
    const main = await via.connect('main');
    share(worker.worker, { via });
    await worker.outcome();
    await main.to('w').with({ wait: 2000 }).request('echo');
    const pending = rejection(main.to('w').request('ask', 'main', 'nobody')); // it waits there
    await main.to('w').request('echo');
    await worker.worker.terminate();
    expect(await pending).toMatchObject({ code: 'PEER_GONE', reason: 'lost' });
    expect(via.left).toEqual(['w: lost']);
  });

  it('gets its seat when its host is attached later, one only', async () => {
    via.attached = false;
    const worker = start({ name: 'early' });
    share(worker.worker, { via });
    while (new Set(via.asks.map(({ nonce }) => nonce)).size < 2)
      await new Promise((resolve) => setTimeout(resolve, 20));
    via.attached = true;
    expect(await worker.outcome()).toEqual(['joined', 'early']);
    expect(via.hub.size).toBe(1);
    expect(via.listenerCount('message')).toBeLessThanOrEqual(1); // that of an ask given up, which closes a late port
  });
});

/** A worker in the test's hands. */
class FakeWorker extends EventEmitter {
  readonly posted: unknown[][] = [];
  postMessage(...args: unknown[]): void {
    this.posted.push(args);
  }
  terminate(): void {}
  get real(): Worker {
    return this as unknown as Worker;
  }
}

describe('share(worker)', () => {
  const nonce = '0123456789abcdef';
  const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

  it('asks main once for an ask that is repeated, and vouches for its own grant only', async () => {
    const worker = new FakeWorker();
    share(worker.real, { via, grant: { send: [] } });
    const vouch = { type: 'frame', origin: 'app://forged', grant: {}, share: nonce, document: 1 } as const;
    for (let i = 0; i < 3; i++) worker.emit('message', writeAsk(nonce, 'w', 9, vouch));
    worker.emit('message', 'something else');
    while (worker.posted.length === 0) await settled();
    expect(via.asks).toHaveLength(1);
    expect(via.asks[0]).toMatchObject({
      name: 'w',
      version: 9,
      vouch: { type: 'worker', origin: '', grant: { send: [] }, document: 0 },
    });
    expect(via.asks[0]?.vouch?.share, 'of this share(): none that the worker says').not.toBe(nonce);
    expect(via.asks[0]?.nonce, 'a nonce of its own: workers choose theirs').not.toBe(nonce);
    expect(worker.posted).toHaveLength(1);
  });

  it('answers no more once it is disposed, or the worker has exited, and may be shared again', async () => {
    const worker = new FakeWorker();
    const registration = share(worker.real, { via });
    expect(() => share(worker.real, { via })).toThrow(/^share\(worker\): it is shared already\. Dispose/);
    via.attached = false;
    worker.emit('message', writeAsk(nonce, 'w', 1));
    registration.dispose();
    registration.dispose();
    expect([worker.listenerCount('message'), worker.listenerCount('exit')]).toEqual([0, 0]);
    const asked = via.asks.length;
    share(worker.real, { via });
    worker.emit('exit', 0);
    expect([worker.listenerCount('message'), worker.listenerCount('exit')]).toEqual([0, 0]);
    await settled();
    expect(via.asks).toHaveLength(asked);
    expect(worker.posted).toEqual([]);
  });

  it.each<[string, unknown, unknown]>([
    ['share(worker)', null, {}],
    ['share(worker)', {}, {}],
    ['share(worker): { via }', new FakeWorker(), undefined],
    ['share(worker): { via }', new FakeWorker(), { via: null }],
    ['share(worker): { via }', new FakeWorker(), { via: new MessageChannel().port1 }],
    ['share(worker): { origin }', new FakeWorker(), { via: new FakeParentPort(), origin: 'app://x' }],
    ['share(worker): { grant }', new FakeWorker(), { via: new FakeParentPort(), grant: [] }],
    ['share(worker): { grant }', new FakeWorker(), { via: new FakeParentPort(), grant: { sends: [] } }],
    ['share(worker): { name }', new FakeWorker(), { via: new FakeParentPort(), name: '' }],
  ])('names what is wrong: %s', (call, worker, options) => {
    expect(() => share(worker as never, options as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(`${call}: `) }),
    );
  });
});
