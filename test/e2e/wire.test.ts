import { describe, expect, it } from 'vitest';
import { directions, useFar } from './support/far.js';

// What looks like frames, what changes after the call, and what only the far process can't read: a window and one of each kind.

const far = useFar(async (here) => {
  const { bus } = here;
  const { name } = bus.self;
  bus.handle(`echo ${name}`, (_, ...args: unknown[]) => args);
  bus.handle(`items ${name}`, async function* (_, ...items: unknown[]) {
    yield* items;
  });
  bus.handle(`module ${name}`, () => new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])));
  bus.handle(`modules ${name}`, async function* () {
    yield 1;
    yield new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
  });
  bus.onPort(`port ${name}`, () => {});
  bus.handle(`got ${name}`, () => (here['got'] as unknown[]).splice(0));
  here['got'] = [];
  await bus.subscribe(`event ${name}`, (_, ...args) => (here['got'] as unknown[]).push(args));
});

describe('between a window and another place', () => {
  it.each(directions)(
    'M20: %s, arguments, results and items that look like frames arrive as they were',
    async (_, kind, outward) => {
      const [from, to] = far.ends(kind, outward);
      const wrong = await from.run(async ({ bus }, name) => {
        const call = bus.with({ wait: 5000 });
        const placeholder = {};
        const tricky = [
          [0, 18, [{}], 17, 1, 'port', 0],
          18,
          [placeholder],
          1,
          'event',
          0,
          [18, [placeholder], placeholder],
          15,
          1,
          1,
          'item',
          14,
          1,
          16,
          1,
          1e9,
          13,
          2,
          'items',
          1024,
          0,
          ['portmesh:ports', { a: 1 }, [{}]],
          'portmesh:ports',
          [],
          12,
          11,
          8,
          1,
          [0, 12],
          null,
          undefined,
          -0,
          NaN,
          { 0: 12, length: 1 },
        ];
        const same = (value: unknown): string =>
          JSON.stringify(value, (_, each: unknown) =>
            Object.is(each, -0) ? '-0' : each === undefined ? 'undefined' : each,
          );
        const wrong: unknown[] = [];
        const check = (what: string, value: unknown, expected: unknown): void => {
          if (same(value) !== same(expected)) wrong.push([what, value]);
        };
        const echoed = (await call.request(`echo ${name}`, ...tricky)) as unknown[];
        check('arguments', echoed, tricky);
        if (echoed[2] === undefined || (echoed[6] as unknown[])[2] !== ((echoed[6] as unknown[])[1] as unknown[])[0])
          wrong.push('identity');
        const items: unknown[] = [];
        for await (const item of call.stream(`items ${name}`, ...tricky)) items.push(item);
        check('items', items, tricky);
        bus.to(name).send(`event ${name}`, ...tricky);
        check('event', await call.request(`got ${name}`), [tricky]);
        const port = new MessageChannel().port2;
        void port;
        return wrong;
      }, to.name);
      expect(wrong).toEqual([]);
    },
  );

  it.each(directions)(
    'M28: %s, arguments are those of the call; what is moved and what is copied are two',
    async (_, kind, outward) => {
      const [from, to] = far.ends(kind, outward);
      const outcome = await from.run(async ({ bus, lab }, name) => {
        const call = bus.with({ wait: 5000 });
        await call.request(`echo ${name}`);
        const target = bus.to(name);
        const o: { n: number; m?: Map<number, object> } = { n: 1 };
        target.send(`event ${name}`, o);
        o.n = 2;
        target.send(`event ${name}`, o, o);
        o.m = new Map([[1, { deep: 1 }]]);
        target.send(`event ${name}`, o);
        (o.m.get(1) as { deep: number }).deep = 2;
        const bytes = new Uint8Array([1, 2, 3]);
        target.send(`event ${name}`, bytes);
        bytes[0] = 9;
        target.send(`event ${name}`, lab.transfer(bytes, [bytes.buffer]));
        const detached = bytes.byteLength;
        const got = (await call.request(`got ${name}`)) as [
          [{ n: number }],
          object[],
          [{ m: Map<number, { deep: number }> }],
          [Uint8Array],
          [Uint8Array],
        ];
        return [
          detached,
          got[0][0],
          got[1].map((each) => (each as { n: number }).n),
          got[2][0].m.get(1),
          [...got[3][0]],
          [...got[4][0]],
          got[3][0].buffer === got[4][0].buffer,
        ];
      }, to.name);
      expect(outcome).toEqual([0, { n: 1 }, [2, 2], { deep: 1 }, [1, 2, 3], [9, 2, 3], false]);
    },
  );

  it.each(directions)(
    'M19: %s, a module of WebAssembly, shared memory: that one call rejects, the others of the turn arrive; as item and as result too',
    async (_, kind, outward) => {
      const [from, to] = far.ends(kind, outward);
      const outcome = await from.run(async ({ bus }, name) => {
        const call = bus.with({ wait: 5000, timeout: 5000 });
        await call.request(`echo ${name}`);
        const dropped: unknown[] = [];
        bus.onDropped(({ error, channel }) => dropped.push(`${channel}: ${error.code}`));
        const module = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
        const { buffer: shared } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
        const settled = (promise: Promise<unknown>): Promise<unknown> =>
          promise.catch((error: { code: string }) => error.code);
        const collect = async (channel: string, ...args: unknown[]): Promise<unknown> => {
          const items: unknown[] = [];
          try {
            for await (const item of call.stream(channel, ...args)) items.push(item);
          } catch (error) {
            items.push((error as { code: string }).code);
          }
          return items;
        };
        const code = (does: () => void): void => {
          try {
            does();
          } catch (error) {
            dropped.push(`${(error as { code: string }).code} at once`);
          }
        };
        const asked = [
          settled(call.request(`echo ${name}`, 1)),
          settled(call.request(`echo ${name}`, { module })),
          settled(call.request(`echo ${name}`, [shared])),
          settled(call.request(`module ${name}`)),
          collect(`items ${name}`, 1, 2),
          collect(`items ${name}`, 1, module),
          collect(`modules ${name}`),
          settled(call.openPort(`port ${name}`, module)),
          settled(call.request(`echo ${name}`, 2)),
        ];
        bus.to(name).send(`event ${name}`, 1);
        code(() => bus.to(name).send(`event ${name}`, module));
        bus.to(name).send(`event ${name}`, 2);
        const results = await Promise.all(asked);
        await bus.drain().catch(() => {});
        return { results, dropped, got: await call.request(`got ${name}`), load: bus.load };
      }, to.name);
      const no = 'NOT_CLONEABLE';
      expect(outcome.results).toEqual([
        [1],
        no,
        no,
        no,
        [1, 2],
        [no],
        [1, no],
        expect.stringMatching(/NOT_CLONEABLE|NO_HANDLER/),
        [2],
      ]);
      expect(outcome.got).toEqual([[1], [2]]);
      expect(outcome.dropped).toHaveLength(1);
      expect(outcome.dropped[0]).toMatch(no);
      expect(outcome.load).toMatchObject({ calls: 0, parked: 0, signals: 0 });
    },
  );
});
