import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NodeMesh, secrets } from '../unit/support/node-mesh.js';
import { Lab, untilPeers } from './support/lab.js';

let lab: Lab;
let nodes: NodeMesh;
beforeAll(async () => void (lab = await Lab.launch()));
beforeEach(async () => {
  nodes = new NodeMesh();
  await lab.start();
});
afterEach(async () => {
  await lab.stop();
  await nodes.close();
});
afterAll(() => lab.close());

/** Joins a broker to the lab's bridge. */
function joinBroker(gateway: 'utility' | 'main'): Promise<void> {
  return lab.main(async (main, [address, given]) => void (await main.bridge.joinBroker(address, { gateway: given })), [
    { ...nodes.address, token: secrets.bridge },
    gateway,
  ] as const);
}

describe.each(['utility', 'main'] as const)('with the gateway in %s', (gateway) => {
  it('windows, main and Node peers are in one mesh, and talk both ways', async () => {
    await nodes.broker();
    const node = await nodes.join('indexer');
    node.handle('node:echo', (event, value) => [event.sender.name, value]);
    const page = await lab.join('a', 'editor');
    await page.evaluate(() => void window.bus.handle('page:echo', (event, value) => [event.sender.name, value]));
    await joinBroker(gateway);
    await untilPeers(page, ['indexer']);
    const echoed = await page.evaluate(() =>
      window.bus.with({ wait: 2000 }).request('node:echo', new Uint8Array([1, 2])),
    );
    expect(echoed).toEqual(['editor', expect.anything()]);
    expect(await node.with({ wait: 2000 }).request('page:echo', new Map([[1, 2n]]))).toEqual([
      'indexer',
      new Map([[1, 2n]]),
    ]);
  });
});
