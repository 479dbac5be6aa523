import { finalizer, releaseProxy } from 'comlink';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expose, loadOf, wrap } from '../../../src/comlink/index.js';
import type { Bus } from '../../../src/core/bus/bus.js';
import type { MeshError } from '../../../src/core/errors/mesh-error.js';
import { createMemoryChannel } from '../../../src/core/port/memory-port.js';
import type { MeshPort } from '../../../src/core/port/mesh-port.js';
import { TestMesh } from '../../contract/mesh.js';

// A peer that speaks the wire by hand: see src/comlink/line.ts.

const [MESSAGE, LANES, CLOSED, UNREADABLE, BYE, SEEN] = [0, 1, 2, 3, 4, 5];

let mesh: TestMesh;
let b: Bus;
let errors: MeshError[];
/** The raw port to what b exposes. */
let port: MeshPort;
let answers: unknown[];
let calls: unknown[];
let finalized: number;

beforeEach(async () => {
  mesh = new TestMesh({ make: () => createMemoryChannel().ports });
  const a = await mesh.join('a');
  b = await mesh.join('b');
  errors = [];
  calls = [];
  b.onError((error) => errors.push(error as MeshError));
  finalized = 0;
  expose(b, 'object', {
    [finalizer]: () => finalized++,
    method(...args: unknown[]) {
      calls.push(args);
      return args.length;
    },
    nested: { method: () => calls.push('nested') },
  });
  await a.subscribe('known', () => {});
  await b.subscribe('known', () => {});
  port = await a.openPort('comlink:object');
  answers = [];
  port.onmessage = ({ data }) => answers.push(...(data as unknown[]).filter((each) => Object(each) === each));
});
afterEach(() => mesh.close());

function send(...messages: unknown[]): void {
  port.postMessage([0, ...messages.flatMap((message) => [0, MESSAGE, message])]);
}

/** When all that was sent has been dealt with, which shows that the other side still does. */
async function answered(): Promise<void> {
  const id = 'the last one';
  send({ id, type: 'APPLY', path: ['method'], argumentList: [] });
  const last = (): unknown => answers.find((each) => (each as { id?: unknown }).id === id);
  await expect.poll(last, { interval: 1, timeout: 15_000 }).toEqual({ id, type: 'RAW', value: 0 });
  answers.splice(answers.indexOf(last()), 1);
  calls.pop();
}

/** Names that are refused. */
const names = [
  'constructor',
  'prototype',
  '__proto__',
  '__defineGetter__',
  '__defineSetter__',
  '__lookupGetter__',
  '__lookupSetter__',
];
const paths = names.flatMap((name) => [
  [name],
  [name, 'constructor'],
  ['method', name],
  ['nested', 'method', name],
  ['method', 'call', name],
  ['nested', name, 'x'],
]);

it.each(['GET', 'SET', 'APPLY', 'CONSTRUCT'])(
  'S9: %s of every name that leads out is refused, at every depth',
  async (type) => {
    for (const [i, path] of paths.entries()) {
      const raw = { type: 'RAW', value: 'globalThis.polluted = 1' };
      send({ id: `${i}`, type, path, argumentList: [raw], value: raw });
    }
    await answered();
    expect(answers).toHaveLength(paths.length);
    for (const answer of answers) {
      expect(answer).toMatchObject({ type: 'HANDLER', name: 'throw', value: { value: { code: 'NO_METHOD' } } });
    }
    expect(errors).toEqual([]);
    expect(calls).toEqual([]);
    expect('polluted' in globalThis || 'polluted' in {}).toBe(false);
  },
);

it.each([
  ['an array that becomes such a name', [['constructor'], ['constructor']]],
  ['a String object', [Object('constructor'), 'x']],
  ['a number', [0]],
  ['a hole', new Array(2 ** 32 - 1)],
  ['a text for a path', 'constructor'],
])('S9: %s in the place of a name: nothing runs, it is reported', async (_, path) => {
  for (const type of ['GET', 'SET', 'APPLY', 'CONSTRUCT', 'nonsense', ['GET']]) {
    send({ id: 'x', type, path, argumentList: [{ type: 'RAW', value: 'globalThis.polluted = 1' }] });
  }
  await answered();
  expect(answers).toEqual([]);
  expect(errors.map(({ code }) => code)).toEqual(Array(6).fill('PROTOCOL'));
  expect('polluted' in globalThis).toBe(false);
});

it('S9: what a function is called with by call and apply is a copy, or a proxy, and no way out', async () => {
  send(
    {
      id: '1',
      type: 'APPLY',
      path: ['method', 'call'],
      argumentList: [
        { type: 'RAW', value: {} },
        { type: 'RAW', value: 1 },
      ],
    },
    {
      id: '2',
      type: 'APPLY',
      path: ['method', 'apply'],
      argumentList: [
        { type: 'RAW', value: {} },
        { type: 'RAW', value: [1, 2] },
      ],
    },
    { id: '3', type: 'APPLY', path: ['method', 'bind'], argumentList: [] },
    { id: '4', type: 'GET', path: ['method'] },
    { id: '5', type: 'APPLY', path: ['method', 'call', 'call'], argumentList: [{ type: 'RAW', value: {} }] },
  );
  await answered();
  await expect.poll(() => answers.length).toBe(5);
  const unserializable = { name: 'throw', value: { value: { message: 'Unserializable return value' } } };
  expect(
    answers.sort((one, other) => Number((one as { id: string }).id) - Number((other as { id: string }).id)),
  ).toMatchObject([
    { value: 1 },
    { value: 2 },
    unserializable,
    unserializable,
    { name: 'throw', value: { value: { name: 'TypeError' } } },
  ]);
});

it.each<[string, unknown]>([
  ['arguments that are none', { id: 'x', type: 'APPLY', path: ['method'], argumentList: 5 }],
  ['too many arguments', { id: 'x', type: 'APPLY', path: ['method'], argumentList: new Array(2 ** 32 - 1) }],
  ['no id', { type: 'APPLY', path: ['method'], argumentList: [] }],
  ['an id that is no text', { id: {}, type: 'APPLY', path: ['method'], argumentList: [] }],
  ['an unknown type', { id: 'x', type: 'EVAL', path: ['method'] }],
  ['an answer to nothing', { id: 'x', type: 'RAW', value: 1 }],
  [
    'a type that is inherited',
    JSON.parse('{"id":"x","__proto__":{"type":"APPLY","path":["method"],"argumentList":[]}}'),
  ],
  ['a text', 'text'],
  ['nothing', null],
])('%s: it is ignored and reported', async (_, message) => {
  send(message);
  await answered();
  expect(answers).toEqual([]);
  expect(calls).toEqual([]);
  expect(errors.map(({ code }) => code)).toEqual(['PROTOCOL']);
  expect(errors[0]!.message).toContain('object on a (');
});

it.each<[string, unknown[]]>([
  ['null', [null]],
  ['of an unknown transfer handler', [{ type: 'HANDLER', name: 'nobody', value: 1 }]],
  ['a proxy of nothing', [{ type: 'HANDLER', name: 'proxy', value: {} }]],
  ['a thrown one', [{ type: 'HANDLER', name: 'throw', value: { isError: true, value: { message: 'thrown' } } }]],
  [
    'a thrown one with what is no text',
    [{ type: 'HANDLER', name: 'throw', value: { isError: true, value: { code: {}, message: {}, name: [] } } }],
  ],
  [
    'a thrown one that becomes no text',
    [{ type: 'HANDLER', name: 'throw', value: { isError: false, value: { toString: 1, valueOf: 1 } } }],
  ],
  ['a thrown one that is no error', [{ type: 'HANDLER', name: 'throw', value: { isError: false } }]],
])('an argument that can not be read (%s) fails its call', async (_, argumentList) => {
  send({ id: 'x', type: 'APPLY', path: ['method'], argumentList });
  await answered();
  expect(answers).toMatchObject([{ id: 'x', type: 'HANDLER', name: 'throw' }]);
  expect(calls).toEqual([]);
});

it('a port in what an argument throws does not come back, nor into the process', async () => {
  const other = await mesh.join('other');
  other.onPort('a port', () => {});
  const moved = await b.with({ wait: 1000 }).openPort('a port');
  const value = { isError: true, value: { code: moved, message: moved } };
  const message = {
    id: 'x',
    type: 'APPLY',
    path: ['method'],
    argumentList: [{ type: 'HANDLER', name: 'throw', value }],
  };
  port.postMessage([0, 0, MESSAGE, message], [moved]);
  await answered();
  expect(answers).toEqual([
    { id: 'x', type: 'HANDLER', name: 'throw', value: { isError: true, value: { name: 'Error' } } },
  ]);
});

it.each<[string, unknown]>([
  ['null', null],
  ['no array', { length: 4, 0: 0 }],
  ['nothing in it', []],
  ['half a message', [0, 0, MESSAGE]],
  ['no count', ['x', 0, MESSAGE, {}]],
  ['holes', Object.assign(new Array(2 ** 32 - 3), [0])],
  ['an unknown kind', [0, 0, 99, {}, 0, 98, {}]],
  ['lanes that are none', [0, 0, LANES, 5]],
  ['a lane below zero', [0, 0, LANES, [{}, [{}], [-1]]]],
  ['holes for lanes', [0, 0, LANES, [{}, new Array(2 ** 32 - 1), new Array(2 ** 32 - 1)]]],
  ['a lane twice', [0, 0, LANES, [{}, [{}, {}], [1, 1]]]],
  ['places that are none', [0, 0, LANES, [{}, [1], [1]]]],
  ['a report of nothing', [0, 0, UNREADABLE, 77]],
])('a post of %s: it is reported once, and nothing of it stays', async (_, post) => {
  port.postMessage(post);
  await answered();
  expect(errors.map(({ code }) => code)).toEqual(['PROTOCOL']);
  expect(loadOf(b)).toEqual({ connections: 1, endpoints: 1, calls: 0 });
});

it('messages for a lane that is not there are ignored, and lanes in them are closed again', async () => {
  const message = { id: 'x', type: 'GET', path: [] };
  const place = {};
  port.postMessage([0, -5, MESSAGE, message, -5, LANES, [{ place }, [place], [3]], -5, CLOSED, 0, 0, SEEN, 0]);
  const all: unknown[] = [];
  port.addEventListener('message', ({ data }) => all.push(...(data as unknown[]).slice(1, 4)));
  await answered();
  expect(errors).toEqual([]);
  expect(all.slice(0, 3)).toEqual([3, CLOSED, 0]);
  expect(loadOf(b).endpoints).toBe(1);
});

it('ports that come for a lane that is not there are closed', async () => {
  const other = await mesh.join('other');
  const closed = new Promise((resolve) => {
    other.onPort('a port', (_, far) => {
      far.onclose = resolve;
      far.start();
    });
  });
  const moved = await b.with({ wait: 1000 }).openPort('a port');
  port.postMessage([0, -7, MESSAGE, { id: 'x', type: 'RAW', value: moved }], [moved]);
  await closed;
});

it('there is an end to the endpoints that it may ask for, and to those that it may tell of', async () => {
  const ids = Array.from({ length: 99_999 }, (_, i) => i + 1);
  const places = ids.map(() => ({}));
  const message = {
    id: '1',
    type: 'APPLY',
    // The one that keeps what it is called with: proxies that are collected as garbage say so among the answers.
    path: ['method'],
    argumentList: places.slice(0, 1).map((value) => ({ type: 'HANDLER', name: 'proxy', value })),
  };
  // As if these were proxies: what is not in the place of one would be a port of the platform each.
  const list = places.map((value) => ({ type: 'HANDLER', name: 'proxy', value }));
  port.postMessage([
    0,
    0,
    LANES,
    [{ ...message, argumentList: list.slice(0, 60_000) }, places.slice(0, 60_000), ids.slice(0, 60_000)],
  ]);
  port.postMessage([
    0,
    0,
    LANES,
    [{ ...message, id: '2', argumentList: list.slice(60_000) }, places.slice(60_000), ids.slice(60_000)],
  ]);
  await answered();
  expect(loadOf(b).endpoints).toBe(100_000);
  send({ id: 'no more', type: 'ENDPOINT' });
  await answered();
  expect(answers.at(-1)).toMatchObject({ id: 'no more', name: 'throw', value: { value: { code: 'LIMIT' } } });
  port.postMessage([0, 0, LANES, [message, places.slice(0, 1), [100_001]]]);
  await answered();
  expect(errors.map(({ code }) => code)).toEqual(['PROTOCOL']);
}, 30_000);

it('the other side may say that it ends, or that it no longer wants an endpoint', async () => {
  port.postMessage([0, 0, CLOSED, 0]);
  await expect.poll(() => loadOf(b).connections).toBe(0);
  await expect.poll(() => finalized).toBe(1);
  const again = await mesh.join('again');
  const other = await again.with({ wait: 1000 }).openPort('comlink:object');
  other.postMessage([0, 0, BYE, 0]);
  await expect.poll(() => loadOf(b).connections).toBe(0);
});

describe('nonsense of all kinds', () => {
  const scale = Number(process.env['PORTMESH_FUZZ'] ?? 1);
  const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(
        null,
        undefined,
        0,
        -1,
        1,
        2,
        5,
        2 ** 53,
        NaN,
        '',
        'x',
        'GET',
        'APPLY',
        'RELEASE',
        'method',
        'proxy',
      ),
      fc.constantFrom(...names),
      fc.array(tie('any'), { maxLength: 4 }),
      tie('message'),
    ),
    message: fc.record(
      {
        id: fc.oneof(fc.constantFrom('1', '2'), tie('any')),
        type: fc.oneof(fc.constantFrom('GET', 'SET', 'APPLY', 'CONSTRUCT', 'ENDPOINT', 'RAW', 'HANDLER'), tie('any')),
        path: fc.oneof(fc.array(fc.constantFrom('method', 'nested', ...names), { maxLength: 3 }), tie('any')),
        argumentList: fc.oneof(fc.array(tie('message'), { maxLength: 3 }), tie('any')),
        name: fc.oneof(fc.constantFrom('proxy', 'throw'), tie('any')),
        value: tie('any'),
      },
      { requiredKeys: [] },
    ),
  }))['any']!;
  const post = fc
    .array(
      fc.tuple(
        fc.integer({ min: -3, max: 3 }),
        fc.integer({ min: -1, max: 6 }).filter((kind) => kind !== CLOSED && kind !== BYE),
        value,
      ),
      {
        maxLength: 4,
      },
    )
    .map((triples) => [0, ...triples.flat()]);

  it('never throws into the process, and never keeps others from their answers', async () => {
    const thrown: unknown[] = [];
    const note = (error: unknown): void => void thrown.push(error);
    process.on('uncaughtException', note).on('unhandledRejection', note);
    const other = await mesh.join('other');
    const remote = await wrap<{ method(): number; take(call: unknown): void }>(other, 'object', { wait: 1000 });
    await fc.assert(
      fc.asyncProperty(post, async (given) => {
        port.postMessage(given);
        await answered();
        expect(await remote.method()).toBe(0);
        calls.length = 0;
      }),
      { numRuns: 200 * scale },
    );
    process.off('uncaughtException', note).off('unhandledRejection', note);
    expect(thrown).toEqual([]);
    expect('polluted' in globalThis).toBe(false);
    remote[releaseProxy]();
  }, 60_000);
});
