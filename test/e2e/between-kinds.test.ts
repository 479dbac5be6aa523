import { describe, expect, it } from 'vitest';
import { directions, useFar } from './support/far.js';
import type { World } from './support/place.js';
import { kinds } from './support/places.js';

// What is said of any two peers, between a window and one of each kind: they are carried in different ways.

const far = useFar(async (here) => {
  const { bus } = here;
  const { name } = bus.self;
  const got: unknown[] = [];
  bus.handle(`got ${name}`, () => got.splice(0));
  bus.handle(`ask ${name}`, (_, n: number) => void got.push(n));
  bus.on(`event ${name}`, (_, value: number | Uint8Array | Map<string, number>) =>
    got.push(typeof value === 'number' ? value : value instanceof Map ? value.get('n') : value.length),
  );
  bus.handle(`wait ${name}`, (event) => {
    here['aborted'] = new Promise((resolve) =>
      event.signal.addEventListener('abort', () => resolve((event.signal.reason as { code: string }).code)),
    );
    bus.to(event.sender).send('started');
    return new Promise((resolve) => event.signal.addEventListener('abort', () => resolve('too late')));
  });
  bus.handle(`hang ${name}`, (_, ms: number) => {
    // When the answer has left, and before anything else comes.
    void (async () => {
      if ('setImmediate' in globalThis) await new Promise((resolve) => setImmediate(resolve));
      else for (let i = 0; i < 20; i++) await Promise.resolve();
      const until = Date.now() + ms;
      while (Date.now() < until);
      here['sent'] = Date.now();
      bus.send('behind it');
    })();
  });
  await bus.subscribe('started', () => {});
});

describe('between a window and another place', () => {
  it.each(directions)(
    'M6: %s: one order across send, to().send and request, small and large',
    async (_, kind, outward) => {
      const [from, to] = far.ends(kind, outward);
      const got = await from.run(async ({ bus, lab }, name) => {
        const call = bus.with({ wait: 5000 });
        await call.request(`got ${name}`);
        const asked: Promise<unknown>[] = [];
        for (let n = 0; n < 1200; n += 6) {
          bus.send(`event ${name}`, n);
          bus.to(name).send(`event ${name}`, new Map([['n', n + 1]]));
          asked.push(call.request(`ask ${name}`, n + 2));
          const bytes = new Uint8Array(n + 3);
          bus.to(name).send(`event ${name}`, lab.transfer(bytes, [bytes.buffer]));
          bus.send(`event ${name}`, n + 4);
          asked.push(bus.to(name).request(`ask ${name}`, n + 5));
          // In some turns much, in others little.
          if (n % 180 === 0) await asked.at(-1);
        }
        await Promise.all(asked);
        await bus.drain();
        return call.request(`got ${name}`);
      }, to.name);
      expect(got).toEqual(Array.from({ length: 1200 }, (_, n) => n));
    },
  );

  it.each(kinds.map((kind) => [kind] as const))(
    'M6: to a %s: what a port moves with comes in its turn, too',
    async (kind) => {
      const got = await far.window.run(async ({ bus, lab }, name) => {
        const call = bus.with({ wait: 5000 });
        await call.request(`got ${name}`);
        for (let n = 0; n < 300; n += 3) {
          const { port2 } = new MessageChannel();
          bus.to(name).send(`event ${name}`, n);
          bus.to(name).send(
            `event ${name}`,
            lab.transfer(
              new Map<string, unknown>([
                ['n', n + 1],
                ['port', port2],
              ]),
              [port2],
            ),
          );
          bus.to(name).send(`event ${name}`, n + 2);
          if (n % 30 === 0) await bus.drain();
        }
        return call.request(`got ${name}`);
      }, far.place(kind).name);
      expect(got).toEqual(Array.from({ length: 300 }, (_, n) => n));
    },
  );

  it.each(directions)(
    'M10: %s: a time-out and an abort reach the handler’s signal; its late answer is nobody’s',
    async (_, kind, outward) => {
      const [from, to] = far.ends(kind, outward);
      const codes: unknown[] = [];
      for (const how of ['timeout', 'abort'] as const) {
        codes.push(
          await from.run(
            async ({ bus }, [name, does]) => {
              const controller = new AbortController();
              const started = new Promise<unknown>((resolve) => bus.once('started', resolve));
              const options = does === 'timeout' ? { timeout: 300 } : { signal: controller.signal };
              const asked = bus
                .to(name)
                .with({ wait: 5000, ...options })
                .request(`wait ${name}`);
              const code = asked.catch((error: { code: string }) => error.code);
              await started;
              controller.abort();
              return code;
            },
            [to.name, how] as const,
          ),
        );
        expect(await to.run((here) => here['aborted'])).toBe('ABORTED');
        // Behind the answer that comes too late.
        await from.run(({ bus }, name) => bus.request(`got ${name}`), to.name);
        expect(await from.run(({ bus }) => bus.load)).toMatchObject({ calls: 0, parked: 0, signals: 0 });
        expect(await to.run(({ bus }) => bus.load)).toMatchObject({ serving: 0 });
      }
      expect(codes).toEqual(['TIMEOUT', 'ABORTED']);
    },
  );

  // Main is where the broker is: while it is busy, nobody is told anything.
  it.each(kinds.filter((kind) => kind !== 'main').map((kind) => [kind] as const))(
    'M7: a subscribe() in a window has not resolved as long as a %s, which is busy, has not heard of it',
    async (kind) => {
      const busy = far.place(kind);
      const resolved = await far.window.run(async ({ bus }, name) => {
        const listener = (): void => {};
        await bus.with({ wait: 5000 }).request(`hang ${name}`, 600);
        await bus.subscribe('behind it', listener);
        const at = Date.now();
        bus.off('behind it', listener);
        await bus.request(`got ${name}`);
        return at;
      }, busy.name);
      // What it sends at the end of that reaches nobody: who was told before that it would, has been told too early.
      expect(resolved).toBeGreaterThanOrEqual((await busy.run((here) => here['sent'])) as number);
    },
  );

  it.each(kinds.map((kind) => [kind] as const))(
    'M8: what a %s sends in the first turn after connect() reaches who had subscribed',
    async (kind) => {
      await far.window.run(async (here) => {
        here['first'] = new Promise((resolve) => here.bus.once('first', (event) => resolve(event.sender.name)));
        await here.bus.subscribe('barrier', () => {});
      });
      const place = far.place(kind);
      const sent = await place.run(async (world, name) => {
        const { lab } = world;
        const connect = (): Promise<World['bus']> =>
          'bridge' in world
            ? (world['bridge'] as { connect(options: object): Promise<World['bus']> }).connect({ name })
            : lab.connect({ name, ...(lab.via && { via: lab.via }) });
        const bus = await connect();
        bus.send('first');
        const receivers = bus.peers.listening('first').length;
        await bus.drain();
        await bus.close();
        return receivers;
      }, `first ${kind}`);
      expect(sent).toBe(1);
      expect(await far.window.run((here) => here['first'])).toBe(`first ${kind}`);
    },
  );
});
