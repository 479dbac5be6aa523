import type { MeshPort } from '../../../src/core/index.js';
import type { Service } from '../../../src/service/index.js';
import type { World } from './place.js';

// What an application does with its bus, whatever place it runs in: nothing in here knows which.

/** A service that every place provides. */
interface Tools {
  scale(bytes: Uint8Array, by: number): Uint8Array;
  count(to: number): AsyncIterable<number>;
  each(options: { texts: readonly string[]; onText(text: string): Promise<string> }): Promise<string[]>;
  keep(listener: (text: string) => void): Promise<void>;
  fail(): never;
  wait(): Promise<void>;
}

type ToolEvents = { told: [who: string, what: string] };

/** Answers all kinds of calls. */
export async function serve(world: World): Promise<void> {
  const { bus, lab } = world;
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
  const tools: Service<Tools, ToolEvents> = lab.defineService('tools', { version: '1.0' });
  const kept = new Set<(text: string) => void>();
  const provided = lab.provide(bus, tools, {
    scale: (bytes, by) => bytes.map((byte) => byte * by),
    async *count(to) {
      for (let n = 1; n <= to; n++) yield n;
    },
    each: ({ texts, onText }) => Promise.all(texts.map((text) => onText(text))),
    keep: async (listener) => void kept.add(lab.retain(listener)),
    fail() {
      throw Object.assign(new RangeError('on purpose', { cause: new TypeError('within') }), { code: 'E_TOOL' });
    },
    wait: () => new Promise(() => {}),
  });
  world['tell'] = (what: string) => provided.emit('told', bus.self.name, what);
  world['callKept'] = (text: string) => kept.forEach((listener) => listener(text));
  const told: string[] = [];
  world['told'] = told;
  await lab.consume(bus, tools).$subscribe('told', (who, what) => told.push(`${who}: ${what}`));
  await bus.subscribe('ready', () => {});
}

/** Makes all kinds of calls to each of `names`; returns what was not as it should be. */
export async function talk({ bus, lab }: World, names: readonly string[]): Promise<string[]> {
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
  const tools: Service<Tools, ToolEvents> = lab.defineService('tools', { version: '1.0' });
  const use = async (name: string): Promise<void> => {
    const from = lab.consume(bus, tools, { from: name, timeout: 5000 });
    expect(name, 'method', [...(await from.scale(new Uint8Array([1, 2]), 3))], [3, 6]);
    const items: unknown[] = [];
    for await (const item of from.count(1e6)) if (items.push(item) === 3) break;
    expect(name, 'iterable', items, [1, 2, 3]);
    const onText = async (text: string): Promise<string> => `${text} of ${bus.self.name}`;
    const texts = await from.each({ texts: ['a', 'b'], onText });
    expect(name, 'callbacks', texts, [`a of ${bus.self.name}`, `b of ${bus.self.name}`]);
    const error = await from.fail().then(undefined, (thrown: RangeError & { code: string; cause: Error }) => thrown);
    const { code, cause } = error;
    expect(name, 'error', [error instanceof RangeError, code, cause.message], [true, 'E_TOOL', 'within']);
    const refused = await (from as unknown as Record<string, () => Promise<never>>)['constructor']!().catch(
      (e) => e.code,
    );
    expect(name, 'constructor', refused, 'NO_METHOD');
  };
  for (const name of names) {
    if (name === bus.self.name) continue;
    await Promise.all([each(name), use(name)]).catch((error: unknown) => wrong.push(`${name}: ${String(error)}`));
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
