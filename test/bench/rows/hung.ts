import { kill } from 'node:process';
import type { Row } from '../main/row.js';
import { pageName, wireArrival, type Contestant } from '../main/stage.js';
import type { Seat } from '../main/world.js';

/** As many as take each about as long: a quarter of a second, or half. In less, what happens besides counts for more than the hung one. */
const MESSAGES = 400_000;
const MESSAGES_OF_OTHERS = 50_000;
const BURST = 100;
const NONE = 'portmesh, none of them hung';
const SEVEN = 'portmesh, without the eighth';

/** Stopped by the system, so that it takes no time of the machine: a busy loop would hurt all, whoever sends to them. */
export const broadcastHung: Row = {
  name: 'broadcast-hung',
  title: 'broadcast 1→8 in bursts of 100, one hung: delivered to the other seven',
  unit: 'msgs/s',
  contenders: ['portmesh', 'raw ports', 'electron-common-ipc'],
  targets: [{ peer: SEVEN, atLeast: 0.9 }],
  receivers: 8,
  async run({ contestants, index, scaled, fail }) {
    const values = new Map<string, number>();
    for (const contestant of contestants) {
      const { name } = contestant;
      const messages = scaled(name === 'portmesh' ? MESSAGES : MESSAGES_OF_OTHERS);
      const eighth = contestant.receivers.at(-1) as Seat; // eight were asked for
      const ways = {
        async [name]() {
          const rate = await broadcast(contestant, messages, eighth);
          await eighth.page.call('whenReceived');
          return rate;
        },
        async [NONE]() {
          const rate = await broadcast(contestant, messages);
          await eighth.page.call('whenReceived');
          return rate;
        },
        async [SEVEN]() {
          await eighth.page.call('listenToSink', false);
          const rate = await broadcast(contestant, messages);
          await eighth.page.call('listenToSink', true);
          return rate;
        },
      };
      try {
        if (index === 0) await broadcast(contestant, messages / 4);
        const names = name === 'portmesh' ? ordered([name, NONE, SEVEN], index) : [name];
        for (const way of names) values.set(way, await (ways[way] as () => Promise<number>)());
      } catch (error) {
        fail(name, error);
      }
    }
    return values;
  },
};

/** What comes first in a run is at a disadvantage of up to a tenth: so each does in its turn. */
function ordered<T>(ways: readonly T[], index: number): readonly T[] {
  const from = index % ways.length;
  return [...ways.slice(from), ...ways.slice(0, from)];
}

/** Only the first seven say when all has arrived. `hung`: stopped while it is sent. */
async function broadcast(contestant: Contestant, messages: number, hung?: Seat): Promise<number> {
  const { pair, receivers } = contestant;
  const count = Math.ceil(messages / BURST) * BURST;
  await wireArrival(pair.client, receivers.slice(0, -1));
  for (const { page } of receivers) await page.call('expectSends', count);
  const pid = hung?.contents.getOSProcessId();
  if (pid !== undefined) kill(pid, 'SIGSTOP');
  try {
    return await pair.client.page.call('sends', pageName(contestant), count, BURST);
  } finally {
    if (pid !== undefined) kill(pid, 'SIGCONT');
  }
}
