import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Row } from '../main/row.js';
import type { Pair } from '../main/stage.js';
import { handOver } from '../main/wiring.js';

const OURS = 'portmesh';
const COUNT = 200;

/** Bytes in use: JavaScript in a page, all of that page's process, JavaScript in main. */
interface Memory {
  readonly page: number;
  readonly pageProcess: number;
  readonly main: number;
}

export const memoryOfPeers: Row = {
  name: 'memory-peer',
  title: 'an idle peer: heap of each other page',
  unit: 'bytes',
  contenders: [OURS],
  targets: [],
  async run({ stage, index, scaled }) {
    const pair = await stage.pair('mesh');
    const names = freshNames(`idle-${index}`, scaled(COUNT));
    const { page, main } = await growth(pair, names.length, async () => {
      await pair.server.page.call('addPeers', names);
      await pair.client.page.call('seePeers', names);
    });
    await pair.server.page.call('removePeers');
    return new Map([
      [OURS, page],
      ['portmesh, heap of main', main],
    ]);
  },
};

export const memoryOfLinks: Row = {
  name: 'memory-link',
  title: 'an idle link, used once: heap of the page that opened it',
  unit: 'bytes',
  contenders: [OURS],
  targets: [],
  async run({ stage, index, scaled }) {
    const pair = await stage.pair('mesh');
    const { client, server } = pair;
    const names = freshNames(`linked-${index}`, scaled(COUNT));
    await server.page.call('addPeers', names);
    await client.page.call('seePeers', names);
    const link = await growth(pair, names.length, () => client.page.call('linkPeers', names));
    await server.page.call('removePeers');
    const port = await growth(pair, names.length, async () => {
      await server.page.call('keepPorts', names.length, false);
      await client.page.call('keepPorts', names.length, true);
      for (const _name of names) handOver('raw idle', client.contents, server.contents);
      await client.page.call('whenKept');
    });
    for (const { page } of [client, server]) await page.call('closePorts');
    return new Map([
      [OURS, link.page],
      ['raw port', port.page],
      ["portmesh, all of the page's process", link.pageProcess],
      ["raw port, all of the page's process", port.pageProcess],
      ['portmesh, heap of main', link.main],
    ]);
  },
};

/** What one of `count` that `make` makes takes. */
async function growth(pair: Pair, count: number, make: () => Promise<unknown>): Promise<Memory> {
  const before = await used(pair);
  await make();
  const after = await used(pair);
  return {
    page: (after.page - before.page) / count,
    pageProcess: (after.pageProcess - before.pageProcess) / count,
    main: (after.main - before.main) / count,
  };
}

async function used({ client }: Pair): Promise<Memory> {
  await client.page.call('collect');
  const { heap, process: pageProcess } = await client.preload.call('memory');
  collectGarbage();
  return { page: heap, pageProcess, main: process.memoryUsage().heapUsed };
}

/** Main's own switches come too late for its own garbage collector. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

function freshNames(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, each) => `${prefix}-${each}`);
}
