import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NodeMesh, secrets } from '../unit/support/node-mesh.js';
import { offerKit, untilFree, useKits } from './support/comlink-code.js';
import { NodeChild } from './support/node-child.js';
import type { Place } from './support/place.js';
import { usePlaces } from './support/set-up.js';
import { untilThere } from './support/user-code.js';

const places = usePlaces({ bridge: { authorize: '() => true', redactErrors: true } });
const { lab } = places;
let nodes: NodeMesh;
let child: NodeChild;

beforeEach(async () => {
  nodes = new NodeMesh();
  await nodes.broker();
  child = await NodeChild.start(nodes.address);
});
afterEach(async () => {
  await child.stop();
  await nodes.close();
});

/** A place of every kind, all joined; each knows all. */
async function everybody(): Promise<Map<string, Place>> {
  const all = new Map<string, Place>();
  const join = async (name: string, place: Place): Promise<void> => {
    await place.join(name);
    all.set(name, place);
  };
  await join('main', places.main);
  const window = await places.window('a', { webPreferences: { nodeIntegrationInSubFrames: true } });
  await join('a window', window);
  await join('another window', await places.window('c'));
  await join('same-origin frame', await window.frame('same', { src: places.url('a') }));
  await join('frame of another origin', await window.frame('other', { src: places.url('b') }));
  const worker = await window.worker('worker');
  await window.share(worker);
  await join('a worker', worker);
  const utility = await places.utility();
  await utility.attach();
  await join('a utility process', utility);
  const hosted = await utility.thread();
  await utility.share(hosted);
  await join("utility's thread", hosted);
  const thread = await places.thread();
  await thread.attach();
  await join("main's thread", thread);
  await join('a node', child);
  await lab.main(async (main, address) => void (await main.bridge.joinBroker(address)), {
    ...nodes.address,
    token: secrets.bridge,
  });
  const names = [...all.keys()];
  await Promise.all([...all.values()].map((place) => place.run(untilThere, names)));
  await Promise.all([...all.values()].map((place) => place.run(offerKit)));
  return all;
}

describe('Comlink between all kinds of peers', () => {
  it('S8, S9, N1: each uses what each exposes, in all ways, and nothing is left', async () => {
    const all = await everybody();
    const names = [...all.keys()];
    for (const [name, place] of all) {
      expect({ [name]: await place.run(useKits, names) }).toEqual({ [name]: [] });
    }
    for (const [name, place] of all) {
      expect({ [name]: await place.run(untilFree) }).toEqual({ [name]: { connections: 0, endpoints: 0, calls: 0 } });
    }
  }, 120_000);

  it('with redactErrors, what is thrown goes to pages of other origins without its stack and paths', async () => {
    await places.main.join('main');
    const [exposing, other] = [await places.join('a', 'exposing'), await places.join('c', 'other')];
    await exposing.run(async ({ bus, lab }) => {
      const fail = (): never => {
        throw new RangeError('not found: /home/me/secret.txt');
      };
      lab.comlink.expose(bus, 'fail', { fail, callback: async (callback: () => unknown) => callback() });
      await bus.subscribe('it is there', () => {});
    });
    const thrownTo = (place: Place): Promise<{ name: string; message: string; stack: string }[]> =>
      place.run(async ({ bus, lab }) => {
        const remote = (await lab.comlink.wrap(bus, 'fail', { wait: 5000 })) as any;
        const back = lab.comlink.stock.proxy(() => {
          throw new Error('here: /home/you/own.txt');
        });
        const thrown = [await remote.fail().catch((error: Error) => error)];
        thrown.push(await remote.callback(back).catch((error: Error) => error));
        remote[lab.comlink.stock.releaseProxy]();
        return thrown.map(({ name, message, stack }) => ({ name, message, stack }));
      });
    const [toMain, backFromMain] = await thrownTo(places.main);
    expect(toMain).toMatchObject({ name: 'RangeError', message: 'not found: /home/me/secret.txt' });
    expect(toMain!.stack).toContain('app://a/');
    // What main's callback threw has been to the page, and back.
    expect(backFromMain!.message).toBe('here: <path>');
    const [toOther, backFromOther] = await thrownTo(other);
    expect(toOther).toMatchObject({ name: 'RangeError', message: 'not found: <path>' });
    expect(toOther!.stack).not.toContain('app://a/');
    expect(backFromOther!.message).toBe('here: <path>');
  });

  it('S9: whoever dies with calls pending: they reject, with the reason; so does what is called later', async () => {
    const all = await everybody();
    const reasons: Record<string, string> = {
      'frame of another origin': 'frame-removed',
      'another window': 'crashed',
      'a worker': 'terminated',
      'a utility process': 'killed',
      "main's thread": 'terminated',
      // Its broker knows no more than that.
      'a node': 'lost',
    };
    const dying = Object.keys(reasons);
    const callers = new Map(all);
    for (const caller of callers.values()) {
      await caller.run(async (world, names) => {
        const { wrap } = world.lab.comlink;
        const ends: Record<string, { at: number; code: string; reason: string }[]> = {};
        const remotes: Record<string, { hang(): Promise<void> }> = {};
        const others = names.filter((name) => name !== world.bus.self.name);
        const pending = others.map(async (name) => {
          const remote = (remotes[name] = (await wrap(world.bus.to(name), 'kit', { wait: 5000 })) as never);
          ends[name] = [];
          for (let i = 0; i < 100; i++) {
            (remote as { hang(): Promise<void> }).hang().catch(({ code, reason }) => {
              ends[name]!.push({ at: Date.now(), code, reason });
            });
          }
          // Behind those.
          await (remote as { name(): Promise<string> }).name();
        });
        await Promise.all(pending);
        Object.assign(world, { ends, remotes });
      }, dying);
    }
    for (const name of dying) {
      const before = Date.now();
      callers.delete(name);
      // Its thread goes with it.
      if (name === 'a utility process') callers.delete("utility's thread");
      if (name === 'a node') await child.stop();
      else if (name === 'frame of another origin') {
        await all.get('a window')!.run(({ lab: { made } }) => (made['other'] as HTMLIFrameElement).remove());
      } else await all.get(name)!.kill();
      for (const [called, caller] of callers) {
        const ended = (): Promise<{ at: number; code: string; reason: string }[]> =>
          caller.run((world, which) => (world['ends'] as Record<string, never>)[which] as never, name);
        await expect.poll(async () => (await ended()).length).toBe(100);
        const ends = await ended();
        expect([called, name, ...new Set(ends.map(({ code }) => code))]).toEqual([called, name, 'PEER_GONE']);
        expect(ends.map(({ reason }) => reason)).not.toContain(undefined);
        expect(new Set(ends.map(({ reason }) => reason)).size).toBe(1);
        expect([called, name, ends[0]!.reason]).toEqual([called, name, reasons[name]]);
        const last = Math.max(...ends.map(({ at }) => at));
        // To end it takes its time too: that of the machine's.
        expect(last - before).toBeLessThan(2000);
        const later = await caller.run(
          (world, which) =>
            (world['remotes'] as Record<string, { hang(): Promise<void> }>)[which]!.hang().catch(({ code }) => code),
          name,
        );
        expect(later).toBe('PEER_GONE');
      }
    }
  }, 120_000);
});
