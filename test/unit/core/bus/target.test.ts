import { describe, expect, it } from 'vitest';
import { checkTarget, noPeer, peersOf, select, type Target } from '../../../../src/core/bus/target.js';
import { Directory } from '../../../../src/core/directory/directory.js';
import type { Entry } from '../../../../src/core/directory/entry.js';
import { MeshError } from '../../../../src/core/errors/mesh-error.js';
import { peer } from '../../../contract/link-side.js';

function directory(...names: string[]): Directory {
  const result = new Directory(() => {});
  names.forEach((name, i) => result.add(peer(name, { id: `p${i}` })));
  return result;
}

const ids = (entries: readonly Entry[]): string[] => entries.map(({ peer: { id } }) => id);

describe('checkTarget', () => {
  it('takes a name, a peer, and an id', () => {
    const viewer = peer('viewer');
    for (const target of ['viewer', '__proto__', viewer, { id: 'p1' }]) expect(checkTarget(target)).toBe(target);
  });

  it.each([undefined, null, '', 'x'.repeat(257), 5, {}, { id: 5 }, [], Symbol('s'), () => {}])(
    'refuses %s, by the name of the call',
    (target) => {
      const check = (): unknown => checkTarget(target);
      expect(check).toThrow(MeshError);
      expect(check).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(/^to\(target\): /) }),
      );
    },
  );
});

describe('whom a target means', () => {
  const known = directory('a', 'b', 'a', 'constructor');

  it.each<[Target, string[]]>([
    [undefined, ['p0', 'p1', 'p2', 'p3']],
    ['a', ['p0', 'p2']],
    ['constructor', ['p3']],
    ['toString', []],
    [{ id: 'p1' }, ['p1']],
    [{ id: 'p9' }, []],
  ])('%o', (target, expected) => {
    expect(ids(peersOf(target, known))).toEqual(expected);
    expect(ids(select(target, [...known.entries()]))).toEqual(expected);
  });

  it('is nobody of nobody', () => {
    expect(select('a', [])).toEqual([]);
  });
});

describe('noPeer', () => {
  it('names the call and the target, and how to find out who is there', () => {
    expect(noPeer("send('e')", 'viewer', directory())).toMatchObject({
      code: 'NO_PEER',
      message: expect.stringMatching(/^send\('e'\) to 'viewer': no other peer has this name.*bus\.peers/),
    });
    expect(noPeer("send('e')", { id: 'p9' }, directory())).toMatchObject({ code: 'NO_PEER' });
  });

  it('says why a peer has left, as far as that is remembered', () => {
    const known = directory('a');
    known.remove('p0', 'crashed');
    expect(noPeer("send('e')", { id: 'p0' }, known)).toMatchObject({ code: 'PEER_GONE', reason: 'crashed' });
    expect(noPeer("send('e')", 'a', known)).toMatchObject({ code: 'NO_PEER' });
  });
});
