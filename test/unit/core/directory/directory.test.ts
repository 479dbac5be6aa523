import assert from 'node:assert';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Directory } from '../../../../src/core/directory/directory.js';
import { Channels, HANDLE, LISTEN, UNHANDLE, UNLISTEN, type Entry } from '../../../../src/core/directory/entry.js';
import { peer } from '../../../contract/link-side.js';
import { spy } from '../../support/spy.js';

const names = ['a', 'b', 'c', '__proto__'];

function ids(entries: Iterable<Entry>): string[] {
  return [...entries].map(({ peer: { id } }) => id);
}

describe('what was asked for', () => {
  it('is not changed by who comes and goes later, whoever walks it', () => {
    const directory = new Directory(() => {});
    const come = (id: string): Entry => {
      const entry = directory.add(peer('same', { id }));
      assert.ok(directory.change(entry, 1, [LISTEN, 'e', HANDLE, 'h']));
      return entry;
    };
    const all = (): string =>
      [directory.named('same'), directory.listening('e'), directory.handling('h')].map(ids).join();
    ['1', '2', '3'].forEach(come);
    const given = [directory.named('same'), directory.listening('e'), directory.handling('h')];
    come('4');
    come('5');
    expect(given.map(ids)).toEqual(Array(3).fill(['1', '2', '3']));
    expect(all()).toEqual(Array(3).fill(['1', '2', '3', '4', '5']).join());
    const again = directory.listening('e');
    directory.remove('2', 'bye');
    come('6');
    expect(ids(again)).toEqual(['1', '2', '3', '4', '5']);
    expect(all()).toEqual(Array(3).fill(['1', '3', '4', '5', '6']).join());
  });

  it('of peers that listen to nothing is nothing, also when others begin to', () => {
    const [one, other] = [new Channels(), new Channels()];
    assert.ok(one.apply(1, [LISTEN, 'e', HANDLE, 'h']));
    assert.ok(other.apply(1, [UNLISTEN, 'e']));
    expect([[...one.listens], [...one.handles], other.listens.size, other.handles.size]).toEqual([['e'], ['h'], 0, 0]);
    assert.ok(one.replace(3, [], []) && one.apply(4, [LISTEN, 'f']));
    expect([[...one.listens], other.listens.size, new Channels().listens.size]).toEqual([['f'], 0, 0]);
  });
});

describe("a peer's channels, told twice over", () => {
  // The owner makes changes. Each goes through the broker, in order; and on a link, in order, from the moment the link has
  // reached the owner, which says first all that the opener didn't know when it opened it. Both ways take as long as they
  // like. Links end, with what was on them, and are opened anew.
  const toggle = fc.record({
    do: fc.constant('toggle' as const),
    handles: fc.boolean(),
    name: fc.constantFrom(...names),
  });
  const delivery = fc.record({
    do: fc.constantFrom('broker' as const, 'link' as const),
    count: fc.integer({ min: 1, max: 4 }),
  });
  const event = fc.record({
    do: fc.constantFrom<'open' | 'reach' | 'cut' | 'batch'>(
      'open',
      'open',
      'reach',
      'reach',
      'reach',
      'cut',
      'batch',
      'batch',
    ),
  });
  const steps = fc.array(
    fc.oneof({ weight: 4, arbitrary: toggle }, { weight: 4, arbitrary: delivery }, { weight: 3, arbitrary: event }),
    { minLength: 20, maxLength: 60 },
  );

  it('are in the end what their owner has, whatever the interleaving, and never go back', () => {
    const seen = { state: 0, stale: 0 };
    fc.assert(
      fc.property(steps, fc.array(fc.boolean()), (made, order) => {
        const own = new Channels();
        const changed = spy();
        const directory = new Directory(changed);
        directory.add(peer('other', { id: 'other' }));
        const entry = directory.add(peer('owner', { id: 'owner' }));
        const broker: (() => void)[] = [];
        let link: (() => void)[] = [];
        /** What the opener knew, while the link is on its way; whether the owner has it */
        let opening: number | undefined;
        let linked = false;
        let batch: [number, unknown[]] | undefined;

        const deliver = (queue: (() => void)[], count = 1): void => {
          for (const apply of queue.splice(0, count)) {
            const before = entry.channels.number;
            apply();
            assert.ok(entry.channels.number >= before, 'went back');
            if (entry.channels.number === before) seen.stale++;
            check();
          }
        };
        const tell = (first: number, changes: unknown[]): void => {
          broker.push(() => directory.change(entry, first, changes));
          if (linked) link.push(() => directory.change(entry, first, changes));
        };
        const check = (): void => {
          for (const name of names) {
            assert.deepEqual(ids(directory.listening(name)), entry.channels.listens.has(name) ? ['owner'] : []);
            assert.deepEqual(ids(directory.handling(name)), entry.channels.handles.has(name) ? ['owner'] : []);
          }
        };

        for (const step of made) {
          if (step.do === 'toggle') {
            const set = step.handles ? own.handles : own.listens;
            const [add, remove] = step.handles ? [HANDLE, UNHANDLE] : [LISTEN, UNLISTEN];
            const change = [set.has(step.name) ? remove : add, step.name];
            const first = own.number + 1;
            own.apply(first, change);
            if (batch) batch[1].push(...change);
            else tell(first, change);
          } else if (step.do === 'batch') {
            if (batch) tell(...batch);
            batch = batch ? undefined : [own.number + 1, []];
          } else if (step.do === 'open' && opening === undefined && !linked) {
            opening = entry.channels.number;
          } else if (step.do === 'reach' && opening !== undefined && !batch) {
            if (opening < own.number) {
              const { number } = own;
              const [listens, handles] = [[...own.listens], [...own.handles]];
              link.push(() => directory.state(entry, number, listens, handles));
              seen.state++;
            }
            opening = undefined;
            linked = true;
          } else if (step.do === 'cut') {
            link = [];
            opening = undefined;
            linked = false;
          } else if (step.do === 'broker') {
            deliver(broker, step.count);
          } else if (step.do === 'link') {
            deliver(link, step.count);
          }
        }
        if (batch) tell(...batch);
        for (const fromLink of order) deliver(fromLink ? link : broker);
        deliver(link, link.length);
        deliver(broker, broker.length);

        assert.deepEqual(new Set(entry.channels.listens), own.listens);
        assert.deepEqual(new Set(entry.channels.handles), own.handles);
        assert.equal(entry.channels.number, own.number);
        directory.remove('owner', 'bye');
        for (const name of names) assert.equal(directory.listening(name).length + directory.handling(name).length, 0);
      }),
      { numRuns: 1000 },
    );
    expect(seen.state, 'there were snapshots').toBeGreaterThan(100);
    expect(seen.stale, 'there was news that had been told the other way').toBeGreaterThan(1000);
  });
});

describe('Directory', () => {
  it('finds peers by id and by name, in the order they came', () => {
    const directory = new Directory(() => {});
    directory.add(peer('a', { id: 'p1' }));
    directory.add(peer('b', { id: 'p2' }));
    directory.add(peer('a', { id: 'p3' }));
    expect(ids(directory.entries())).toEqual(['p1', 'p2', 'p3']);
    expect(ids(directory.named('a'))).toEqual(['p1', 'p3']);
    expect(directory.get('p2')?.peer.name).toBe('b');
    expect(directory.size).toBe(3);
    for (const none of ['constructor', '__proto__', '']) {
      expect([directory.get(none), directory.named(none), directory.listening(none), directory.handling(none)]).toEqual(
        [undefined, [], [], []],
      );
    }
  });

  it('forgets a peer that left, but not why', () => {
    const directory = new Directory(() => {});
    const entry = directory.add(peer('a', { id: 'p1' }));
    directory.change(entry, 1, [LISTEN, 'e', HANDLE, 'h']);
    expect(directory.remove('p1', 'crashed')).toBe(entry);
    expect(directory.remove('p1', 'lost')).toBeUndefined();
    expect([directory.size, directory.named('a'), directory.listening('e'), directory.handling('h')]).toEqual([
      0,
      [],
      [],
      [],
    ]);
    expect(directory.whyLeft('p1')).toBe('crashed');
    expect(directory.whyLeft('p2')).toBeUndefined();
  });

  it('remembers the last 256 that left', () => {
    const directory = new Directory(() => {});
    for (let i = 0; i < 300; i++) {
      directory.add(peer('a', { id: `p${i}` }));
      directory.remove(`p${i}`, 'bye');
    }
    expect([43, 44, 299].map((i) => directory.whyLeft(`p${i}`))).toEqual([undefined, 'bye', 'bye']);
  });

  it('tells of a change once, and not of what changes nothing', () => {
    const changed = spy();
    const directory = new Directory(changed);
    const entry = directory.add(peer('a'));
    expect(directory.change(entry, 1, [LISTEN, 'a', LISTEN, 'b', HANDLE, 'c'])).toBe(true);
    expect(changed.mock.calls).toEqual([[entry]]);
    directory.change(entry, 1, [LISTEN, 'a']);
    directory.change(entry, 4, [LISTEN, 'a', UNHANDLE, 'none']);
    directory.state(entry, 5, ['x'], []);
    expect(changed, 'the state is older').toHaveBeenCalledTimes(1);
    directory.state(entry, 6, ['x'], []);
    expect(changed).toHaveBeenCalledTimes(2);
  });

  it('replaces a whole state, and applies only later changes to it', () => {
    const directory = new Directory(() => {});
    const entry = directory.add(peer('a', { id: 'p1' }));
    directory.change(entry, 1, [LISTEN, 'old', LISTEN, 'both', HANDLE, 'h']);
    expect(directory.state(entry, 10, ['both', 'new'], [])).toBe(true);
    expect(['old', 'both', 'new'].map((name) => directory.listening(name).length)).toEqual([0, 1, 1]);
    expect(directory.handling('h')).toEqual([]);
    directory.change(entry, 10, [LISTEN, 'stale']);
    directory.change(entry, 11, [UNLISTEN, 'both']);
    expect(['stale', 'both'].map((name) => directory.listening(name).length)).toEqual([0, 0]);
  });

  it.each<[unknown, unknown, unknown]>([
    [-1, [], []],
    ['1', [], []],
    [1.5, [], []],
    [1, 'a', []],
    [1, [], undefined],
    [1, [''], []],
    [1, [], [5]],
    [1, Array(10_001).fill('a'), []],
  ])('refuses the state %#, and keeps what it has', (...state) => {
    const changed = spy();
    const directory = new Directory(changed);
    const entry = directory.add(peer('a', { id: 'p1' }));
    expect(directory.state(entry, ...state)).toBe(false);
    expect(entry.channels.number).toBe(0);
    expect(changed).not.toHaveBeenCalled();
  });

  it('indexes what stood before a malformed change', () => {
    const directory = new Directory(() => {});
    const entry = directory.add(peer('a', { id: 'p1' }));
    expect(directory.change(entry, 1, [LISTEN, 'a', 9, 'b'])).toBe(false);
    expect(ids(directory.listening('a'))).toEqual(['p1']);
  });

  it('changes nothing under the feet of who walks a list', () => {
    const directory = new Directory(() => {});
    const entries = ['p1', 'p2', 'p3'].map((id) => directory.add(peer('a', { id })));
    for (const entry of entries) directory.change(entry, 1, [LISTEN, 'e']);
    const walked: string[] = [];
    for (const { peer: each } of directory.listening('e')) {
      walked.push(each.id);
      if (walked.length > 3) break;
      const next = directory.add(peer('a', { id: `p${walked.length + 3}` }));
      directory.change(next, 1, [LISTEN, 'e']);
      for (const { peer: other } of entries) directory.remove(other.id, 'bye');
    }
    expect(walked).toEqual(['p1', 'p2', 'p3']);
  });
});
