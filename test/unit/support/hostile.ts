import fc from 'fast-check';
import * as control from '../../../src/core/broker/control.js';
import * as wire from '../../../src/core/wire/frames.js';

// What a hostile peer may send: nonsense of all kinds, and what makes sense with places changed, cut out, doubled or added.

const number = fc.oneof(
  fc.integer({ min: -3, max: 31 }),
  fc.constantFrom(-0.5, NaN, Infinity, 2 ** 31, 2 ** 53 - 1, 2 ** 53, 1e308),
);
const text = fc.oneof(
  fc.constantFrom('echo', 'slow', 'throws', 'e', 'ask', '__proto__', 'constructor', '', 'x'.repeat(300)),
  fc.string({ maxLength: 5 }),
);
const key = fc.constantFrom('a', 'length', 'then', 'constructor', '__proto__', 'message', 'toString', 'valueOf', '0');
/** A few bytes on the wire, and minutes for who walks over them. */
const holes = fc
  .tuple(fc.array(fc.integer({ min: -1, max: 11 }), { maxLength: 3 }), fc.constantFrom(5, 70_000, 2 ** 32 - 1))
  .map(([list, length]) => Object.assign([...list], { length }));
/** A few bytes on the wire, and gigabytes for who makes a text, or a copy, of them. */
const laughs = fc.integer({ min: 30, max: 60 }).map((depth) => {
  let list: unknown[] = ['ha'];
  for (let i = 0; i < depth; i++) list = [list, list];
  return list;
});

export const junk = fc.letrec<{ junk: unknown }>((tie) => ({
  junk: fc.oneof(
    { maxDepth: 3 },
    { weight: 4, arbitrary: number },
    { weight: 3, arbitrary: text },
    { weight: 2, arbitrary: fc.constantFrom<unknown>(undefined, null, true, false, 10n, -0) },
    { weight: 1, arbitrary: fc.array(tie('junk'), { maxLength: 4 }) },
    { weight: 1, arbitrary: fc.dictionary(key, tie('junk'), { maxKeys: 3 }) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 8 }) },
    { weight: 1, arbitrary: holes },
    { weight: 1, arbitrary: laughs },
    { weight: 1, arbitrary: fc.date({ noInvalidDate: false }) },
    { weight: 1, arbitrary: tie('junk').map((value) => new Map([[value, new Set([value])]])) },
    { weight: 1, arbitrary: tie('junk').map((value) => Object.assign(new RangeError('x'), { cause: value })) },
  ),
})).junk;

const id = fc.nat(30);
const channel = fc.constantFrom('echo', 'slow', 'throws', 'nobody', 'e', 'loud', '__proto__');
const values = fc.array(junk, { maxLength: 3 });
const names = fc.array(fc.constantFrom('e', 'ask', 'h', 'constructor'), { maxLength: 4 });
const change = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom('e', 'ask', 'h', '__proto__'));
const changes = fc.array(change, { maxLength: 3 }).map((list) => list.flat());
const wireError = fc.letrec<{ error: unknown[] }>((tie) => ({
  error: fc.tuple(
    fc.constantFrom('Error', 'AggregateError', 'DOMException', 'MeshError', '__proto__'),
    fc.constantFrom('Error', 'AbortError', ''),
    fc.string(),
    fc.constant('Error\n    at x (y:1:1)'),
    fc.dictionary(key, junk, { maxKeys: 2 }),
    fc.option(fc.array(fc.tuple(fc.constant(1), tie('error')), { maxLength: 2 }), { maxDepth: 3 }),
    fc.oneof({ maxDepth: 3 }, fc.tuple(fc.constant(0), junk), fc.tuple(fc.constant(1), tie('error'))),
  ),
})).error;

/** An error that is its own cause, and its own errors: 64 to the power of 8 of them, if nobody counts. */
const roundError = fc.integer({ min: 1, max: 64 }).map((count) => {
  const error: unknown[] = ['AggregateError', 'AggregateError', 'm', '', {}];
  error.push(Array(count).fill([1, error]), [1, error]);
  return error;
});

/** A frame that makes sense. A goodbye is not among them: it would end the game. */
const frame = fc.oneof<fc.Arbitrary<unknown[]>[]>(
  fc.tuple(channel, values).map(([c, args]) => [wire.EVENT, c, args.length, ...args]),
  fc.tuple(id, channel, values).map(([n, c, args]) => [wire.REQUEST, n, c, args.length, ...args]),
  fc.tuple(id, junk).map(([n, value]) => [wire.RESULT, n, value]),
  fc.tuple(id, fc.oneof(wireError, roundError)).map(([n, error]) => [wire.FAILURE, n, error]),
  fc.tuple(id, junk).map(([n, value]) => [wire.THROWN, n, value]),
  fc.tuple(id, values).map(([n, args]) => [wire.MISSED, n, args.length, ...args]),
  id.map((n) => [wire.ABORT, n]),
  id.map((n) => [wire.UNREADABLE, n]),
  fc.tuple(id, changes).map(([n, list]) => [wire.CHANGES, n, list.length, ...list]),
  fc.tuple(id, names, names).map(([n, listens, handles]) => [wire.STATE, n, listens, handles]),
  fc.constant<unknown[]>([wire.ECHO]),
);

type Mutation = { what: 'replace' | 'insert' | 'remove' | 'double' | 'cut'; at: number; value: unknown };
const mutation: fc.Arbitrary<Mutation> = fc.record({
  what: fc.constantFrom('replace', 'insert', 'remove', 'double', 'cut'),
  at: fc.nat(40),
  value: junk,
});

function mutate(list: readonly unknown[], mutations: readonly Mutation[]): unknown[] {
  const result = [...list];
  for (const { what, at, value } of mutations) {
    const place = at % (result.length + 1);
    if (what === 'replace') result[place] = value;
    else if (what === 'insert') result.splice(place, 0, value);
    else if (what === 'remove') result.splice(place, 1);
    else if (what === 'double') result.splice(place, 0, ...result.slice(place, place + 3));
    else result.length = place;
  }
  return result;
}

const mutations = fc.oneof(
  { weight: 1, arbitrary: fc.constant([]) },
  { weight: 3, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 3 }) },
);

/** A post on a link. */
export const linkPost: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 1, arbitrary: junk.map((value) => (isShort(value) ? value.map(noGoodbye) : value)) },
  { weight: 3, arbitrary: fc.array(junk, { maxLength: 8 }).map((list) => list.map(noGoodbye)) },
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.oneof(fc.nat(5), junk), fc.array(frame, { minLength: 1, maxLength: 4 }), mutations)
      .map(([head, frames, changed]) => mutate([head, ...frames.flat()], changed).map(noGoodbye)),
  },
);

/** Not one of those that can't be walked over. */
function isShort(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.length < 1000;
}

function noGoodbye(value: unknown): unknown {
  return value === wire.BYE ? wire.BYE + 1 : value;
}

function open(ids: readonly string[]): fc.Arbitrary<unknown[]> {
  const to = fc.constantFrom(...ids, 'nobody', '__proto__');
  return fc.tuple(to, id, id).map(([target, epoch, known]) => [control.OPEN, target, epoch, known]);
}

/** A control message that makes sense, without a port. A goodbye is not among them. */
const message: fc.Arbitrary<unknown[]> = fc.oneof(
  fc.tuple(id, changes).map(([n, list]) => [control.CHANGES, n, list]),
  id.map((token) => [control.SYNC, token]),
  id.map((token) => [control.CONFIRM, token]),
  id.map((token) => [control.TOLD, token]),
);

/** A post on a control port. */
export function controlPost(ids: readonly string[]): fc.Arbitrary<unknown> {
  const one = fc.oneof(
    { weight: 1, arbitrary: junk },
    { weight: 1, arbitrary: fc.array(junk, { maxLength: 4 }) },
    {
      weight: 5,
      arbitrary: fc.tuple(fc.oneof(message, open(ids)), mutations).map(([list, changed]) => mutate(list, changed)),
    },
  );
  return fc.oneof(
    { weight: 1, arbitrary: junk.map(noFarewell) },
    // A port belongs to the last message.
    {
      weight: 3,
      arbitrary: fc.tuple(fc.array(message, { maxLength: 3 }), open(ids)).map(([list, last]) => [...list, last]),
    },
    { weight: 6, arbitrary: fc.array(one, { maxLength: 4 }).map(noFarewell) },
  );
}

function noFarewell(post: unknown): unknown {
  if (!isShort(post)) return post;
  return post.map((each: unknown) => (Array.isArray(each) && each[0] === control.BYE ? [control.SYNC, each[1]] : each));
}
