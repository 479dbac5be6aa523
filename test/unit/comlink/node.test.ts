import type * as comlinkItself from 'comlink';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { expose, loadOf, wrap } from '../../../src/comlink/index.js';
import type * as layer from '../../../src/comlink/index.js';
import { rejection } from '../../contract/case.js';
import { Child } from '../support/child.js';
import { NodeMesh, secrets } from '../support/node-mesh.js';

const modules = {
  layer: new URL('../../../dist/comlink/index.js', import.meta.url).href,
  comlink: import.meta.resolve('comlink'),
};

let nodes: NodeMesh;
beforeEach(() => void (nodes = new NodeMesh()));
afterEach(() => nodes.close());

it('N1: a process that exposes, wraps, and has passed callbacks, ends on its own; its peer is told', async () => {
  await nodes.broker();
  const bus = await nodes.join('here');
  const kept: unknown[] = [];
  expose(bus, 'keep', {
    keep(callback: unknown) {
      kept.push(callback);
      return kept.length;
    },
  });
  const child = await Child.start();
  const got = await child.run(
    async (world, given) => {
      const { expose: exposeThere, wrap: wrapThere } = (await world.load(given.layer)) as typeof layer;
      const { createEndpoint, proxy } = (await world.load(given.comlink)) as typeof comlinkItself;
      const itsBus = await world.portmesh.connect(given.options as never);
      world.buses.push(itsBus);
      exposeThere(itsBus, 'child', { hang: () => new Promise(() => {}) });
      const remote = (await wrapThere(itsBus, 'keep', { wait: 5000 })) as any;
      await remote[createEndpoint]();
      return remote.keep(proxy((n: number) => n + 1));
    },
    { ...modules, options: { broker: { ...nodes.address, token: secrets.peer }, name: 'child' } },
  );
  expect(got).toBe(1);
  expect(await (kept[0] as (n: number) => Promise<number>)(1)).toBe(2);
  const pending = rejection(
    wrap<{ hang(): Promise<void> }>(bus, 'child', { wait: 5000 }).then((remote) => remote.hang()),
  );
  // The bus itself keeps its process alive: that it ends is up to that.
  await child.run(async ({ buses }) => {
    const [there] = buses;
    setTimeout(() => void there!.close(), 10);
  });
  child.letGo();
  expect(await child.exited).toBe(0);
  expect(await pending).toMatchObject({ code: 'PEER_GONE' });
  expect((await rejection((kept[0] as () => Promise<unknown>)())).code).toBe('PEER_GONE');
  expect(loadOf(bus)).toEqual({ connections: 0, endpoints: 0, calls: 0 });
});
