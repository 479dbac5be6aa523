import { describe, expect, it } from 'vitest';
import type { Place, World } from './support/place.js';
import { usePlaces } from './support/set-up.js';
import { serve, talk, untilThere } from './support/user-code.js';

const places = usePlaces({ bridge: false });

describe('the mesh of all places', () => {
  it('M3: the same code, unchanged, runs in every kind of place, and each talks to each', async () => {
    await places.lab.start({
      authorize: "({ type, origin }) => type === 'node' || /^app:\\/\\/[a-z]+$/.test(origin)",
    });
    const all = new Map<string, Place>();
    const join = async (name: string, place: Place, options?: { owner: string }): Promise<void> => {
      await place.join(name, options);
      all.set(name, place);
    };
    await join('main', places.main);

    const framed = await places.window('a', { webPreferences: { nodeIntegrationInSubFrames: true } });
    await join('with frames', framed);
    await join('same-origin frame', await framed.frame('same', { src: places.url('a') }));
    await join('frame of its own process', await framed.frame('other', { src: places.url('b') }));

    const plain = await places.window('a', { webPreferences: { webviewTag: true } });
    await join('plain window', plain);
    const shared = await plain.frame('shared', { src: places.url('c') });
    await plain.share(shared, { origin: 'app://c' });
    await join('shared frame', shared, { owner: 'app://a' });
    const worker = await plain.worker('worker');
    await plain.share(worker);
    await join("page's worker", worker);
    await join('popup', await places.popup(plain, 'a'));
    await join('a view', await places.view(plain, 'd'));
    await join('a webview', await places.webview(plain, 'd'));

    const utility = await places.utility();
    await utility.attach();
    await join('utility process', utility);
    const thread = await places.thread();
    await thread.attach();
    await join("main's thread", thread);
    const hosted = await utility.thread();
    await utility.share(hosted);
    await join("utility's thread", hosted);
    await join('Node child', await places.node());

    const names = [...all.keys()];
    const inAll = <T>(run: (world: World, names: string[]) => T | Promise<T>): Promise<T[]> =>
      Promise.all([...all.values()].map((place) => place.run(run, names)));
    await inAll(serve);
    await inAll(untilThere);
    for (const [name, place] of all) expect({ [name]: await place.run(talk, names) }).toEqual({ [name]: [] });

    const greeted = (await inAll((world) => world['greeted'])) as string[][];
    for (const [i, name] of names.entries()) {
      const others = names.filter((other) => other !== name).map((other) => `${other}: good day`);
      expect(greeted[i]).toEqual(others);
    }
    // The event of each one's service has reached every user once, itself apart.
    await inAll((world) => (world['tell'] as (what: string) => void)('news'));
    await inAll(({ bus }) => bus.drain());
    const told = (await inAll((world) => world['told'])) as string[][];
    for (const [i, name] of names.entries()) {
      const others = names.filter((other) => other !== name).map((other) => `${other}: news`);
      expect(told[i]!.sort()).toEqual(others.sort());
    }
    expect(await inAll(({ bus: { load } }) => ({ calls: load.calls, references: load.references }))).toEqual(
      names.map(() => ({ calls: 0, references: 0 })),
    );

    // Each is described as what it is, and by the process that it is really in.
    const peers = new Map((await places.lab.state()).peers.map((peer) => [peer.name, peer]));
    expect(Object.fromEntries([...peers].map(([name, { type, origin }]) => [name, `${type} ${origin}`]))).toEqual({
      main: 'main ',
      'with frames': 'window app://a',
      'same-origin frame': 'frame app://a',
      'frame of its own process': 'frame app://b',
      'plain window': 'window app://a',
      'shared frame': 'frame app://c',
      "page's worker": 'worker app://a',
      popup: 'window app://a',
      'a view': 'window app://d',
      'a webview': 'webview app://d',
      'utility process': 'utility ',
      "main's thread": 'worker ',
      "utility's thread": 'worker ',
      'Node child': 'node ',
    });
    const processOf = (name: string): string => peers.get(name)!.process.id;
    expect(processOf('same-origin frame')).toBe(processOf('with frames'));
    expect(processOf('popup')).toBe(processOf('plain window'));
    expect(processOf("page's worker")).toBe(processOf('plain window'));
    expect(processOf("utility's thread")).toBe(processOf('utility process'));
    expect(processOf("main's thread")).toBe(processOf('main'));
    const apart = [
      'main',
      'with frames',
      'frame of its own process',
      'plain window',
      'shared frame',
      'a view',
      'a webview',
      'Node child',
    ];
    expect(new Set(apart.map(processOf)).size).toBe(apart.length);
    const via = (name: string): string | undefined => peers.get(name)!.via;
    expect([via('shared frame'), via("page's worker")]).toEqual(Array(2).fill(peers.get('plain window')!.id));
    expect(via("utility's thread")).toBe(peers.get('utility process')!.id);
    expect([via('same-origin frame'), via('frame of its own process'), via("main's thread")]).toEqual(
      Array(3).fill(undefined),
    );
  });

  it('M5: two frames of one origin and process call one window: each gets its own answers', async () => {
    await places.lab.start();
    const called = await places.window('b');
    await called.join('called');
    await called.run(({ bus }) => {
      // Answered the wrong way round, so that an answer for the wrong caller would be seen.
      const waiting: (() => void)[] = [];
      bus.handle('ask', (event, n: number) => {
        return new Promise((resolve) => {
          waiting.unshift(() => resolve([event.sender.name, n]));
          if (waiting.length === 200) for (const answer of waiting) answer();
        });
      });
    });
    const page = await places.window('a', { webPreferences: { nodeIntegrationInSubFrames: true } });
    const frames = [
      await page.frame('one', { src: places.url('a') }),
      await page.frame('two', { src: places.url('a') }),
    ];
    await frames[0]!.join('one');
    await frames[1]!.join('two');
    const ask = (frame: Place): Promise<unknown> =>
      frame.run(({ bus }) =>
        Promise.all(Array.from({ length: 100 }, (_, n) => bus.with({ wait: 5000 }).request('ask', n))),
      );
    const answers = await Promise.all(frames.map(ask));
    expect(answers).toEqual(['one', 'two'].map((name) => Array.from({ length: 100 }, (_, n) => [name, n])));

    const { processes } = await places.lab.main((main) => main.bridge.registry.snapshot());
    const shared = processes.find(({ frames: there }) => there.length === 2)!;
    const names = shared.frames.map(({ documents }) => documents.map(({ peers }) => peers.map(({ name }) => name)));
    expect(names).toEqual([[['one']], [['two']]]);
    expect(shared.pid).toBe(await page.contentsDo((contents) => contents.getOSProcessId()));
    expect(new Set(shared.frames.map(({ frame }) => frame)).size).toBe(2);
  });

  it('M5: several peers in one document: each its own answers and events, and its own end', async () => {
    await places.lab.start();
    const other = await places.window('b');
    await other.join('other');
    const page = await places.window('a');
    const result = await page.run(async (world) => {
      const { connect } = world.lab;
      const seats = await Promise.all(['one', 'two', 'three'].map((name) => connect({ name })));
      for (const seat of seats) seat.handle(`of ${seat.self.name}`, (event) => [seat.self.name, event.sender.name]);
      const [one, two, three] = seats as [World['bus'], World['bus'], World['bus']];
      const caller = (seat: World['bus']) => seat.with({ wait: 5000 });
      const between = [await caller(one).request('of two'), await caller(two).request('of three')];
      const left = new Promise((resolve) => one.peers.once('leave', resolve));
      await three.close();
      await left;
      const later = await one
        .to('three')
        .request('of three')
        .catch((error) => error.code);
      world.bus = one;
      world['two'] = two;
      return { between, later, again: await caller(two).request('of one') };
    });
    expect(result).toEqual({
      between: [
        ['two', 'one'],
        ['three', 'two'],
      ],
      later: 'NO_PEER',
      again: ['one', 'two'],
    });
    const asked = await other.run(({ bus }) =>
      Promise.all(['of one', 'of two'].map((channel) => bus.with({ wait: 5000 }).request(channel))),
    );
    expect(asked).toEqual([
      ['one', 'other'],
      ['two', 'other'],
    ]);
    const { processes } = await places.lab.main((main) => main.bridge.registry.snapshot());
    const documents = processes.flatMap(({ frames }) => frames.flatMap((frame) => frame.documents));
    expect(documents.map(({ peers }) => peers.map(({ name }) => name))).toEqual([['other'], ['one', 'two']]);
  });
});
