import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allows, grantProblem, intersect, type Grant } from '../../../../src/core/directory/grant.js';

describe('a list of a grant', () => {
  it.each<[readonly string[] | undefined, string, boolean]>([
    [undefined, 'doc:saved', true],
    [[], 'doc:saved', false],
    [['doc:saved'], 'doc:saved', true],
    [['doc:saved'], 'doc:saved2', false],
    [['doc:*'], 'doc:saved', true],
    [['doc:*'], 'doc', false],
    [['*'], 'anything', true],
    [['log', 'doc:*'], 'doc:', true],
    [['doc:*:x'], 'doc:a:x', false],
    [['__proto__'], '__proto__', true],
  ])('%j and %s: %s', (rules, name, expected) => {
    expect(allows(rules, name)).toBe(expected);
  });
});

describe('two grants together', () => {
  const rule = fc.oneof(
    fc.constantFrom('a', 'ab', 'abc', 'b', 'ba', 'c'),
    fc.constantFrom('*', 'a*', 'ab*', 'b*', 'abc*'),
  );
  const list = fc.option(fc.array(rule, { maxLength: 4 }), { nil: undefined });
  const names = ['a', 'ab', 'abc', 'abcd', 'b', 'ba', 'bb', 'c', 'x'];

  it('allow exactly what both allow', () => {
    fc.assert(
      fc.property(list, list, (send, other) => {
        const both = intersect({ ...(send && { send }) }, { ...(other && { send: other }) });
        for (const name of names) {
          expect([name, allows(both.send, name)]).toEqual([name, allows(send, name) && allows(other, name)]);
        }
      }),
    );
  });

  it.each<[boolean, Grant, Grant, boolean | undefined]>([
    [true, {}, {}, undefined],
    [true, {}, { state: true }, true],
    [true, { state: true }, {}, true],
    [true, { state: true }, { peers: ['x'] }, false],
    [true, { state: true }, { peers: ['x'], state: true }, true],
    [true, {}, { state: false }, false],
    [true, { state: false }, { state: true }, false],
    [false, {}, { state: true }, false],
    [false, { state: true }, {}, false],
    [false, { state: true }, { state: true }, true],
  ])('show the state of the mesh only where both may; by default %s: %j and %j', (state, one, other, may) => {
    expect(intersect(one, other, state).state).toBe(may);
  });

  it('take reserved names only where both may', () => {
    expect(intersect({ names: ['main', 'x'] }, { names: ['x'] }).names).toEqual(['x']);
    expect(intersect({ names: ['x'] }, {}).names).toEqual([]);
    expect(intersect({}, {}).names).toEqual([]);
  });
});

describe('something given as a grant', () => {
  it.each<[unknown, string | undefined]>([
    [{}, undefined],
    [{ names: ['a'], send: [], receive: ['b*'], services: ['c'], peers: ['*'] } satisfies Grant, undefined],
    [{ send: undefined }, undefined],
    [undefined, 'a grant is an object'],
    [null, 'a grant is an object'],
    [['doc:*'], 'a grant is an object'],
    [{ sends: [] }, "a grant has no 'sends', only names, send, receive, services, provides, peers and state"],
    [{ send: 'doc:*' }, "'send' of a grant is a list of names"],
    [{ send: [''] }, "'send' of a grant is a list of names"],
    [{ send: Array(3) }, "'send' of a grant is a list of names"],
    [{ peers: Array.from({ length: 1001 }, (_, i) => `p${i}`) }, "'peers' of a grant is a list of names"],
  ])('%# is checked', (value, problem) => {
    expect(grantProblem(value)).toBe(problem);
  });
});
