import type { Memory } from '../measures/memory.js';
import type { Process } from '../processes.js';
import type { NodeContestant } from '../stage.js';
import type { Row } from './row.js';

const OURS = 'portmesh';
/** Each knows all others: with these, it isn't mostly that which is measured. */
const FEW = 20;
const COUNT = 200;

export const memoryOfPeers: Row = {
  name: 'node-memory-peer',
  title: 'an idle Node peer: what its process holds for it, but for the peers it knows of',
  unit: 'bytes',
  contenders: [OURS],
  targets: [],
  async run({ stage, contestants, index, scaled }) {
    const { client, host, folder } = contestants[0] as NodeContestant;
    const broker = host as Process;
    const [few, many] = [await stage.process('a few peers'), await stage.process('many peers')];
    const names = freshNames(`idle-${index}`, FEW + scaled(COUNT));
    const [first, others] = [names.slice(0, FEW), names.slice(FEW)];
    // Not counted: what the first that joins makes for all.
    await few.call('addPeers', folder, freshNames(`before-${index}`, 1));
    const own = await growth([few], first.length, () => few.call('addPeers', folder, first));
    const there = await growth([broker, client], others.length, async () => {
      await many.call('addPeers', folder, others);
      await client.call('seePeers', names);
    });
    await many.call('removePeers');
    await few.call('removePeers');
    const [[itself], [atBroker, elsewhere]] = [own, there] as [[Memory], [Memory, Memory]];
    return new Map([
      // All the few, the one before, the contender's two, without itself.
      [OURS, itself.held - (FEW + 2) * elsewhere.held],
      ['its process, as resident', itself.resident],
      ['the broker', atBroker.held],
      ['the broker, as resident', atBroker.resident],
      ['each other peer that knows of it', elsewhere.held],
    ]);
  },
};

export const memoryOfLinks: Row = {
  name: 'node-memory-link',
  title: 'an idle Node link, used once: what the process that opened it holds for it',
  unit: 'bytes',
  contenders: [OURS, 'raw socket'],
  targets: [],
  async run({ stage, contestants, index, scaled }) {
    const [mesh, raw] = contestants[0]?.name === OURS ? contestants : [...contestants].reverse();
    const many = await stage.process('many peers');
    const { client, folder } = mesh as NodeContestant;
    const names = freshNames(`linked-${index}`, scaled(COUNT));
    await many.call('addPeers', folder, names);
    await client.call('seePeers', names);
    const links = await growth([client, many], names.length, () => client.call('linkPeers', names));
    await many.call('removePeers');
    const [opened, taken] = links as [Memory, Memory];
    const values = new Map([
      [OURS, opened.held],
      ['its process, as resident', opened.resident],
      ['the process of the other end', taken.held],
      ['the process of the other end, as resident', taken.resident],
    ]);
    if (!raw) return values;
    await raw.server.call('serveIdle', raw.folder);
    const sockets = await growth([raw.client], names.length, () =>
      raw.client.call('keepSockets', raw.folder, names.length),
    );
    await raw.client.call('closeSockets');
    const [socket] = sockets as [Memory];
    return values.set(raw.name, socket.held).set('raw socket, as resident', socket.resident);
  },
};

/** What one of `count` that `make` makes takes, in each of the processes. */
async function growth(processes: readonly Process[], count: number, make: () => Promise<unknown>): Promise<Memory[]> {
  const used = (): Promise<Memory[]> => Promise.all(processes.map((each) => each.call('memory')));
  const before = await used();
  await make();
  const after = await used();
  return after.map(({ held, resident }, i) => ({
    held: (held - (before[i] as Memory).held) / count,
    resident: (resident - (before[i] as Memory).resident) / count,
  }));
}

function freshNames(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, each) => `${prefix}-${each}`);
}
