import fc from 'fast-check';
import { MAX_FIELDS, TEXT, BYE as LINK_BYE } from '../../src/core/wire/frames.js';
import { BYE as CONTROL_BYE, type Message } from '../../src/core/broker/control.js';
import { controlPost, junk, linkPost } from '../unit/support/hostile.js';
import { frameKinds, messageKinds } from './kinds.js';
import type { Recorded } from './record.js';

/** What is fired: a post, how many ports go beside it, and how many frames, or messages, it was made of. */
export interface Post {
  readonly data: unknown;
  readonly ports: number;
  readonly frames: number;
}

const channel = fc.constantFrom('e', 'echo', 'slow', 'items', 'way', 'throws', 'nobody', 'constructor', '__proto__');
const count = fc.oneof(
  { weight: 3, arbitrary: fc.nat(5) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(-1, -0, NaN, 0.5, MAX_FIELDS, MAX_FIELDS + 1, 2 ** 31, 2 ** 32 - 1, 2 ** 53, Infinity),
  },
);
const own = fc.constantFrom('__proto__', 'constructor', 'then', 'length', 'a');
/** `__proto__` as an own property, which survives structured clone. */
const strange = fc.tuple(own, junk).map(([key, value]) => JSON.parse(`{"${key}":0}`, () => value) as unknown);
const placeholders = fc.array(fc.constant({}), { maxLength: 3 });
const field = fc.oneof(
  { weight: 4, arbitrary: fc.nat(30) },
  { weight: 3, arbitrary: count },
  { weight: 3, arbitrary: channel },
  { weight: 2, arbitrary: junk },
  { weight: 1, arbitrary: strange },
  { weight: 1, arbitrary: placeholders },
  { weight: 1, arbitrary: fc.array(channel, { maxLength: 3 }) },
);
const ports = fc.constantFrom(0, 0, 0, 0, 1, 1, 2, 3);

/** Of that kind, with fields of any sort. */
function anyOf(kinds: ReadonlyMap<number, string>): fc.Arbitrary<unknown[]> {
  const kind = fc.constantFrom(...kinds.keys());
  return fc.tuple(kind, fc.array(field, { maxLength: 6 })).map(([first, rest]) => [first, ...rest]);
}

interface Mutation {
  readonly what: 'replace' | 'insert' | 'remove' | 'double' | 'cut' | 'swap' | 'stretch';
  readonly at: number;
  readonly value: unknown;
}

function mutationsWith(kinds: ReadonlyMap<number, string>): fc.Arbitrary<Mutation[]> {
  const mutation: fc.Arbitrary<Mutation> = fc.record({
    what: fc.constantFrom(
      'replace',
      'replace',
      'replace',
      'insert',
      'remove',
      'double',
      'cut',
      'cut',
      'swap',
      'stretch',
    ),
    at: fc.nat(60),
    value: fc.oneof(field, fc.constantFrom<unknown>(...kinds.keys())),
  });
  return fc.array(mutation, { maxLength: 3 });
}

function mutate(list: readonly unknown[], mutations: readonly Mutation[]): unknown[] {
  const result = [...list];
  for (const { what, at, value } of mutations) {
    const place = at % (result.length + 1);
    if (what === 'replace') result[place] = value;
    else if (what === 'insert') result.splice(place, 0, value);
    else if (what === 'remove') result.splice(place, 1);
    else if (what === 'double') result.splice(place, 0, ...result.slice(place, place + 4));
    else if (what === 'cut') result.length = place;
    else if (what === 'swap') result.push(...result.splice(place, 2));
    // A few bytes on the wire, and minutes for who walks over it. The last, as nothing else could be done to it in time.
    else return Object.assign(result, { length: at % 2 === 0 ? 2 ** 32 - 1 : MAX_FIELDS * 2 });
  }
  return result;
}

/** On a link: recorded frames with changes, made up ones, and nonsense. A goodbye would end the game. */
export function linkPosts(recorded: readonly Recorded[]): fc.Arbitrary<Post> {
  const mutations = mutationsWith(frameKinds);
  return fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(
          fc.oneof(fc.nat(5), count),
          fc.array(fc.constantFrom(...recorded), { minLength: 1, maxLength: 4 }),
          mutations,
          fc.option(ports, { freq: 1 }),
        )
        .map(([head, frames, changes, given]) => ({
          data: withoutGoodbye(mutate([head, ...frames.flatMap(({ data }) => data)], changes)),
          ports: given ?? Math.max(...frames.map((frame) => frame.ports)),
          frames: frames.reduce((sum, { kinds }) => sum + kinds.length, 0),
        })),
    },
    {
      weight: 4,
      arbitrary: fc
        .tuple(count, fc.array(anyOf(frameKinds), { minLength: 1, maxLength: 5 }), mutations, ports)
        .map(([head, frames, changes, given]) => ({
          data: withoutGoodbye(mutate([head, ...frames.flat()], changes)),
          ports: given,
          frames: frames.length,
        })),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          count,
          fc.array(fc.constantFrom(...recorded), { minLength: 1, maxLength: 9 }),
          mutations,
          fc.nat(500),
          ports,
        )
        .map(([head, frames, changes, cut, given]) => {
          const text = textOf(withoutGoodbye(mutate([0, ...frames.flatMap(({ data }) => data)], changes)));
          return { data: [head, TEXT, cut < 400 ? text : text.slice(0, cut)], ports: given, frames: frames.length };
        }),
    },
    { weight: 4, arbitrary: fc.tuple(linkPost, ports).map(([data, given]) => ({ data, ports: given, frames: 1 })) },
  );
}

/** On a control port. */
export function controlPosts(recorded: readonly Message[]): fc.Arbitrary<Post> {
  const mutations = mutationsWith(messageKinds);
  const message = fc.oneof(
    fc.tuple(fc.constantFrom(...recorded), mutations).map(([list, changes]) => mutate(list, changes)),
    fc.tuple(anyOf(messageKinds), mutations).map(([list, changes]) => mutate(list, changes)),
  );
  return fc.oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(fc.array(message, { minLength: 1, maxLength: 5 }), ports).map(([list, given]) => ({
        data: list.map((each) => (each[0] === CONTROL_BYE ? [0] : each)),
        ports: given,
        frames: list.length,
      })),
    },
    {
      weight: 4,
      arbitrary: fc
        .tuple(controlPost(['p1', 'p2', 'p3']), ports)
        .map(([data, given]) => ({ data, ports: given, frames: 1 })),
    },
  );
}

/** In the place of a frame's kind it would be the last frame; elsewhere another number does as well. */
function withoutGoodbye(data: unknown[]): unknown[] {
  for (const key of Object.keys(data)) if (data[Number(key)] === LINK_BYE) data[Number(key)] = 0;
  return data;
}

/** A post as JSON. Of objects no more than that there is one: a few of them may be gigabytes as a text. */
function textOf(data: readonly unknown[]): string {
  const flat = data
    .slice(0, 100)
    .map((each) => (typeof each === 'bigint' ? String(each) : Object(each) === each ? {} : each));
  return JSON.stringify(flat);
}
