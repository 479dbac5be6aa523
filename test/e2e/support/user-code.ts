import type { MeshPort } from '../../../src/core/index.js';
import type { World } from './place.js';

// What an application does with its bus, whatever place it runs in: nothing in here knows which.

/** Answers all kinds of calls. */
export async function serve(world: World): Promise<void> {
  const { bus } = world;
  const greeted: string[] = [];
  world['greeted'] = greeted;
  bus.on('greet', (event, text) => greeted.push(`${event.sender.name}: ${text}`));
  bus.handle('add', (_: unknown, a: number, b: number) => `${bus.self.name}: ${a + b}`);
  bus.handle('count', async function* (_: unknown, to: number) {
    for (let n = 1; n <= to; n++) yield n;
  });
  bus.onPort('echo', (_: unknown, port: MeshPort, greeting: string) => {
    port.onmessage = ({ data }) => port.postMessage([bus.self.name, greeting, data]);
  });
  await bus.subscribe('ready', () => {});
}

/** Makes all kinds of calls to each of `names`; returns what was not as it should be. */
export async function talk({ bus }: World, names: readonly string[]): Promise<string[]> {
  const wrong: string[] = [];
  const expect = (to: string, what: string, got: unknown, expected: unknown): void => {
    if (JSON.stringify(got) !== JSON.stringify(expected)) wrong.push(`${to}: ${what}: ${JSON.stringify(got)}`);
  };
  const each = async (name: string): Promise<void> => {
    const to = bus.to(name).with({ timeout: 5000 });
    to.send('greet', 'good day');
    expect(name, 'request', await to.request('add', 1, 2), `${name}: 3`);
    const items: unknown[] = [];
    for await (const item of to.stream('count', 3)) items.push(item);
    expect(name, 'stream', items, [1, 2, 3]);
    const port = await to.openPort('echo', 'hello');
    const answer = new Promise((resolve) => (port.onmessage = ({ data }) => resolve(data)));
    port.postMessage({ n: 1 });
    expect(name, 'port', await answer, [name, 'hello', { n: 1 }]);
    port.close();
  };
  for (const name of names) {
    if (name === bus.self.name) continue;
    await each(name).catch((error: unknown) => wrong.push(`${name}: ${String(error)}`));
  }
  return wrong;
}

/** Resolves when exactly the peers of these names are there, itself apart. */
export function untilThere({ bus }: World, names: readonly string[]): Promise<void> {
  const wanted = JSON.stringify(names.filter((name) => name !== bus.self.name).sort());
  return new Promise((resolve) => {
    const check = (): void => {
      if (JSON.stringify([...bus.peers].map(({ name }) => name).sort()) !== wanted) return;
      bus.peers.off('join', check).off('leave', check);
      resolve();
    };
    bus.peers.on('join', check).on('leave', check);
    check();
  });
}
