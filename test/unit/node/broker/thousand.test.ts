import { cpus } from 'node:os';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Child } from '../../support/child.js';
import { NodeMesh, secrets } from '../../support/node-mesh.js';

const PROCESSES = 10;
const EACH = 100;
const ALL = PROCESSES * EACH;

let mesh: NodeMesh;
beforeEach(() => void (mesh = new NodeMesh()));
afterEach(() => mesh.close());

it('1,000 peers of ten processes join one broker within 30 s, and a broadcast reaches each once', async () => {
  const broker = await mesh.broker();
  const children = await Promise.all(Array.from({ length: PROCESSES }, () => Child.start()));
  // What others take of the processors meanwhile is not ours: all that is taken, but for what these processes take.
  const taken = async (): Promise<number> => {
    const usages = await Promise.all(children.map((child) => child.run(() => process.cpuUsage())));
    const ours = [process.cpuUsage(), ...usages].reduce((ms, { user, system }) => ms + (user + system) / 1000, 0);
    const all = cpus().reduce((ms, { times }) => ms + times.user + times.nice + times.sys + times.irq, 0);
    return (all - ours) / cpus().length;
  };
  const before = await taken();
  const start = performance.now();
  await Promise.all(
    children.map((child, i) =>
      child.run(
        async ({ portmesh, buses, noted }, { path, token, each, nth }) => {
          const join = async (number: number): Promise<void> => {
            const bus = await portmesh.connect({
              broker: { path, token },
              name: `peer ${nth}.${number}`,
              timeout: Infinity, // the test has one
            });
            buses.push(bus);
            bus.on('all', (_: unknown, value: unknown) => void noted.push([bus.self.id, value]));
          };
          await Promise.all(Array.from({ length: each }, (_, number) => join(number)));
        },
        { path: mesh.path, token: secrets.peer, each: EACH, nth: i },
      ),
    ),
  );
  const joined = performance.now() - start;
  const all = (): Promise<void>[] =>
    children.map((child) =>
      child.run(async ({ buses }, count) => {
        for (const bus of buses) {
          while (bus.peers.size < count - 1) await new Promise((resolve) => bus.peers.once('join', resolve));
          while (bus.peers.listening('all').length < count - 1)
            await new Promise((resolve) => bus.peers.once('change', resolve));
        }
      }, ALL),
    );
  await Promise.all(all());
  const known = performance.now() - start;
  const others = (await taken()) - before;
  await children[0]!.run(async ({ buses: [bus] }) => {
    bus!.send('all', 42);
    await bus!.drain();
  });
  const told = performance.now() - start;
  const noted = (await Promise.all(children.map((child) => child.run(({ noted }) => noted)))).flat() as [
    string,
    number,
  ][];
  expect(new Set(noted.map(([id]) => id)).size).toBe(ALL - 1);
  expect(noted).toHaveLength(ALL - 1);
  expect(noted.every(([, value]) => value === 42)).toBe(true);
  expect(broker.state()).toMatchObject({ links: ALL - 1, malformed: 0, guests: 0 });
  console.log(
    `1,000 peers: joined in ${seconds(joined)}, each knew all in ${seconds(known)}, all reached in ${seconds(told)}; ` +
      `others took ${seconds(others)} of that`,
  );
  expect(known - others, 'on a machine of their own').toBeLessThan(30_000);
}, 240_000);

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
