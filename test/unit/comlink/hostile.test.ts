import { finalizer, releaseProxy } from 'comlink';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expose, loadOf, wrap } from '../../../src/comlink/index.js';
import type { Bus } from '../../../src/core/bus/bus.js';
import type { MeshError } from '../../../src/core/errors/mesh-error.js';
import { createMemoryChannel } from '../../../src/core/port/memory-port.js';
import { decodeError } from '../../../src/core/errors/wire-error.js';
import { heldPort, type PortHolder } from '../../../src/core/port/port-holder.js';
import type { Port } from '../../../src/core/port/port.js';
import * as wire from '../../../src/core/wire/frames.js';
import { TestMesh } from '../../contract/mesh.js';
import { heapAfterCollection } from '../support/garbage.js';

// A peer that speaks the wire by hand: see src/comlink/line.ts, and core/wire/frames.ts.

let mesh: TestMesh;
let b: Bus;
let errors: MeshError[];
/** The raw port to what b exposes. */
let port: Port;
/** Results, and errors. */
let answers: unknown[];
/** Lanes that b has closed. */
let closed: unknown[];
let lastId = 0;
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
  port = ((await a.openPort('comlink:object')) as unknown as PortHolder)[heldPort]!;
  answers = [];
  closed = [];
  port.start({ message: (data) => read(data as unknown[]), unreadable() {}, close() {} });
});
afterEach(() => mesh.close());

/** What b says: results, failures, the end of lanes. */
function read(data: readonly unknown[]): void {
  for (let at = 1; at < data.length;) {
    const kind = data[at];
    if (kind === wire.RESULT) answers.push(data[at + 2]);
    else if (kind === wire.FAILURE) answers.push(decodeError(data[at + 2], 'there'));
    else if (kind === wire.THROWN) answers.push({ thrown: data[at + 2] });
    else if (kind === wire.EVENT) closed.push(data[at + 3]);
    at += kind === wire.EVENT ? 3 + (data[at + 2] as number) : kind === wire.BYE || kind === wire.ECHO ? 1 : 3;
  }
}

/** A call on a lane. */
function call(lane: unknown, packed: unknown): unknown[] {
  return [wire.REQUEST, ++lastId, 'object', 2, lane, packed];
}

function send(...messages: unknown[]): void {
  port.post([0, ...messages.flatMap((message) => call(0, message))]);
}

/** When all that was sent has been dealt with, which shows that the other side still does. */
async function answered(): Promise<void> {
  const id = 'the last one';
  send({ id, type: 'APPLY', path: ['method'], argumentList: [] });
  const last = (): unknown => answers.find((each) => (Object(each) as { id?: unknown }).id === id);
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
      expect(answer).toMatchObject({ name: 'MeshError', code: 'NO_METHOD' });
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
  // The first, the second, and the fourth: a flood of nonsense is no flood of reports.
  expect(errors.map(({ code }) => code)).toEqual(Array(3).fill('PROTOCOL'));
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
  expect(errors[0]!.message).toMatch(/^link with a \(.*\): object, a message that makes no sense; ignored/);
});

it.each([
  ['no id', undefined],
  ['an id that is no text', { id: 1 }],
])('a call with %s is answered: it has a number on the line', async (_, id) => {
  send({ id, type: 'APPLY', path: ['method'], argumentList: [] });
  await answered();
  expect(answers).toEqual([{ id, type: 'RAW', value: 0 }]);
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
  expect(answers).toHaveLength(1);
  expect(answers[0]).not.toHaveProperty('type', 'RAW');
  expect(calls).toEqual([]);
});

/** A port that b has, the raw one of it, to be moved by hand. */
async function portOfB(): Promise<[raw: object, closed: Promise<unknown>]> {
  const other = await mesh.join('other');
  const end = new Promise((resolve) => {
    other.onPort('a port', (_, far) => {
      far.onclose = resolve;
      far.start();
    });
  });
  const moved = await b.with({ wait: 1000 }).openPort('a port');
  return [moved.detach()!, end];
}

it('a port in what an argument throws does not come back, nor into the process', async () => {
  const [raw] = await portOfB();
  const place = {};
  const value = { isError: true, value: { code: place, message: place } };
  const argumentList = [{ type: 'HANDLER', name: 'throw', value }];
  port.post([0, wire.PORTS, [place], ...call(0, { id: 'x', type: 'APPLY', path: ['method'], argumentList })], [raw]);
  await answered();
  expect(answers).toHaveLength(1);
  expect(answers[0]).toBeInstanceOf(Error);
  expect(Object(answers[0])).not.toHaveProperty('code.postMessage');
});

const get = { id: 'x', type: 'GET', path: [] };

it.each<[string, unknown]>([
  ['null', null],
  ['no array', { length: 4, 0: 0 }],
  ['nothing in it', []],
  ['half a call', [0, wire.REQUEST, 900]],
  ['no count', ['x']],
  ['holes', Object.assign(new Array(2 ** 32 - 3), [0])],
  ['an unknown kind', [0, 99, {}, 98, {}]],
  ['a stream', [0, wire.STREAM, 900, 'object', 1, 0]],
  ['lanes that are none', [0, ...call(0, [get, 5])]],
  ['a lane below zero', [0, ...withLanes({ id: -1 })]],
  ['holes for lanes', [0, ...call(0, [get, new Array(2 ** 32 - 1)])]],
  ['a lane without a number', [0, ...withLanes({})]],
])('a post of %s: it is reported once, and nothing of it stays', async (_, post) => {
  port.post(post);
  await answered();
  expect(errors.map(({ code }) => code)).toEqual(['PROTOCOL']);
  expect(loadOf(b)).toEqual({ connections: 1, endpoints: 1, calls: 0 });
});

/** A call with callbacks. */
function withLanes(...places: object[]): unknown[] {
  const argumentList = places.map((value) => ({ type: 'HANDLER', name: 'proxy', value }));
  return call(0, [{ id: 'lanes', type: 'APPLY', path: ['method'], argumentList }, places]);
}

it('a lane that is told of twice is one', async () => {
  port.post([0, ...withLanes({ id: 1 }, { id: 1 })]);
  await answered();
  expect(errors.map(({ code }) => code)).toEqual(['PROTOCOL']);
  expect(loadOf(b).endpoints).toBe(2);
});

it('calls on a lane that is not there are answered, and lanes in them are not made', async () => {
  const place = { id: 3 };
  port.post([0, ...call(-5, get), ...call(-5, [{ ...get, place }, [place]]), wire.EVENT, 'object', 1, -5]);
  await answered();
  expect(errors).toEqual([]);
  expect(answers).toMatchObject([{ code: 'CLOSED' }, { code: 'CLOSED' }]);
  expect(loadOf(b).endpoints).toBe(1);
});

it('a call on what is exposed there, and not here, makes no sense', async () => {
  port.post([0, ...withLanes({ id: 1 }), ...call(-1, get)]);
  await answered();
  expect(errors.map(({ code }) => code)).toEqual(['PROTOCOL']);
});

it('ports that come for a lane that is not there are closed', async () => {
  const [raw, end] = await portOfB();
  const place = {};
  port.post([0, wire.PORTS, [place], ...call(-7, { id: 'x', type: 'RAW', value: place })], [raw]);
  await end;
});

it('what else two peers say to each other says nothing here, whatever it is granted elsewhere', async () => {
  const told: unknown[] = [];
  b.on('free', () => told.push('event'));
  b.handle('free', () => told.push('request'));
  b.onPort('ports', () => void told.push('port'));
  const [raw, end] = await portOfB();
  port.post([0, wire.EVENT, 'free', 0, wire.STREAM, ++lastId, 'free', 1, 0, wire.REQUEST, ++lastId, 'free', 0]);
  port.post([0, wire.PORTS, [{}], wire.PORT, ++lastId, 'ports', 0], [raw]);
  await end;
  await answered();
  expect(told).toEqual([]);
});

it('there is an end to the endpoints that it may ask for, and to those that it may tell of', async () => {
  const places = Array.from({ length: 99_999 }, (_, i) => ({ id: i + 1 }));
  // As if these were proxies: what is not in the place of one would be a port of the platform each.
  port.post([0, ...withLanes(...places.slice(0, 60_000))]);
  port.post([0, ...withLanes(...places.slice(60_000))]);
  await answered();
  // `calls` keeps what it is called with: proxies that are collected as garbage say so among the answers.
  expect(loadOf(b).endpoints).toBe(100_000);
  send({ id: 'no more', type: 'ENDPOINT' });
  await answered();
  expect(answers.at(-1)).toMatchObject({ code: 'LIMIT' });
  port.post([0, ...withLanes({ id: 100_001 })]);
  await answered();
  expect(errors.map(({ code }) => code)).toEqual(['PROTOCOL']);
  expect(loadOf(b).endpoints).toBe(100_000);
}, 30_000);

it('the other side may say that it ends, or that it no longer wants an endpoint', async () => {
  port.post([0, wire.EVENT, 'object', 1, 0]);
  await expect.poll(() => loadOf(b).connections).toBe(0);
  await expect.poll(() => finalized).toBe(1);
  const again = await mesh.join('again');
  const other = await again.with({ wait: 1000 }).openPort('comlink:object');
  other.postMessage([0, wire.BYE]);
  await expect.poll(() => loadOf(b).connections).toBe(0);
});

it.each([5n, 0.5, NaN, Infinity, 2 ** 53, '1', null])('an endpoint of no such number (%s) is refused', async (id) => {
  port.post([0, ...withLanes({ id })]);
  await answered();
  expect(errors.map(({ code }) => code)).toEqual(['PROTOCOL']);
  expect(loadOf(b).endpoints).toBe(1);
});

it('nothing is kept of calls with what nobody here can read', async () => {
  const argumentList = [{ type: 'HANDLER', name: 'nobody', value: 1 }];
  const before = await heapAfterCollection();
  for (let i = 0; i < 20; i++) {
    send({ id: `${i}`.padEnd(1_000_000, 'x'), type: 'APPLY', path: ['method'], argumentList });
    await answered();
  }
  answers.length = 0;
  expect((await heapAfterCollection()) - before).toBeLessThan(5_000_000);
});

describe('a peer that answers by hand', () => {
  /** What its calls are answered with. */
  async function answeredWith(frame: (id: number) => unknown[]): Promise<unknown> {
    const byHand = await mesh.join('by hand');
    byHand.onPort('comlink:its own', (_, given) => {
      const its = (given as unknown as PortHolder)[heldPort]!;
      const message = (data: unknown): void => its.post([1, ...frame((data as number[])[2]!)]);
      its.start({ message, unreadable() {}, close() {} });
    });
    const remote = await wrap<{ method(): number }>(b, 'its own', { wait: 1000 });
    return remote.method().then(
      (value) => ({ value }),
      (error: unknown) => error,
    );
  }

  it('that it does not handle the call: it rejects', async () => {
    expect(await answeredWith((id) => [wire.MISSED, id, 0])).toMatchObject({ code: 'CLOSED' });
  });

  it.each([
    5,
    null,
    'text',
    [{}, 5],
    [{}, [{ id: -1 }]],
    { type: 'HANDLER', name: 'nobody' },
    [{ type: 'GET', argumentList: 1 }, []],
    [{ type: 'APPLY', path: [], argumentList: Object.assign([], { length: 2 ** 32 - 1 }) }, []],
  ])('%#: the call settles', async (answer) => {
    expect(await answeredWith((id) => [wire.RESULT, id, answer])).not.toHaveProperty('value.type');
    expect(loadOf(b).calls).toBe(0);
  });
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
  const id = fc.integer({ min: 1, max: 50 }).map((n) => n + 1_000_000);
  const lane = fc.oneof(fc.integer({ min: -3, max: 3 }), value);
  const places = fc.oneof(fc.array(fc.record({ id: fc.oneof(fc.integer({ min: -2, max: 9 }), value) })), value);
  const packed = fc.oneof(
    value,
    fc.tuple(value, places),
    fc.tuple(value, places).map(([data, list]) => [[data, list], list]),
  );
  const frame = fc.oneof(
    fc.tuple(id, lane, packed).map((each) => [wire.REQUEST, each[0], 'object', 2, each[1], each[2]]),
    fc.tuple(fc.constantFrom(wire.RESULT, wire.FAILURE, wire.THROWN, wire.UNREADABLE), id, value),
    // The end of the root would be the end of all.
    fc.tuple(lane, value).map((each) => [wire.EVENT, 'object', 2, each[0] === 0 ? 7 : each[0], each[1]]),
    fc.tuple(fc.constantFrom(wire.MISSED, wire.ABORT, wire.STREAM, wire.PORTS, wire.CHANGES, wire.STATE), value, value),
  );
  const post = fc.array(frame, { maxLength: 4 }).map((frames) => [0, ...frames.flat()]);

  it('never throws into the process, and never keeps others from their answers', async () => {
    const thrown: unknown[] = [];
    const note = (error: unknown): void => void thrown.push(error);
    process.on('uncaughtException', note).on('unhandledRejection', note);
    const other = await mesh.join('other');
    const remote = await wrap<{ method(): number; take(call: unknown): void }>(other, 'object', { wait: 1000 });
    await fc.assert(
      fc.asyncProperty(post, async (given) => {
        port.post(given);
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
