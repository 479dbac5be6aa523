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
/** The numbers of calls that were answered. */
let settled: Set<unknown>;
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
  settled = new Set();
  lastId = 0;
  closed = [];
  port.start({ message: (data) => read(data as unknown[]), unreadable() {}, close() {} });
});
afterEach(() => mesh.close());

/** What b says: results, failures, the end of lanes. */
function read(data: readonly unknown[]): void {
  for (let at = 1; at < data.length;) {
    const kind = data[at];
    if ((kind as number) >= wire.RESULT && (kind as number) <= wire.THROWN) settled.add(data[at + 1]);
    if (kind === wire.RESULT) answers.push(data[at + 2]);
    else if (kind === wire.FAILURE) answers.push(decodeError(data[at + 2], 'there'));
    else if (kind === wire.THROWN) answers.push({ thrown: data[at + 2] });
    else if (kind === wire.EVENT) closed.push(data[at + 3]);
    at += kind === wire.EVENT ? 3 + (data[at + 2] as number) : kind === wire.BYE || kind === wire.ECHO ? 1 : 3;
  }
}

interface Wire {
  readonly name?: unknown;
  readonly value?: unknown;
}

interface Request {
  readonly type: unknown;
  readonly path?: readonly unknown[];
  readonly argumentList?: readonly Wire[];
  readonly value?: Wire;
}

/** What is said on a lane. */
function say(lane: unknown, ...rest: unknown[]): unknown[] {
  return [wire.REQUEST, ++lastId, 'object', rest.length + 1, lane, ...rest];
}

/** A call on a lane. */
function call(lane: unknown, { type, path = [], argumentList = [], value }: Request, places: unknown = 0): unknown[] {
  const values = (value ? [value] : argumentList).flatMap((each) => [each.name ?? 0, each.value]);
  return say(lane, places, type, path.length, ...path, ...values);
}

function send(...messages: Request[]): void {
  port.post([0, ...messages.flatMap((message) => call(0, message))]);
}

/** When all that was sent has been dealt with, and answered, which shows that the other side still does. */
async function answered(): Promise<void> {
  send({ type: 'APPLY', path: ['method'], argumentList: [{ value: 'the last one' }] });
  const numbers = Array.from({ length: lastId }, (_, i) => i + 1);
  await expect.poll(() => numbers.filter((each) => !settled.has(each)), { interval: 1, timeout: 15_000 }).toEqual([]);
  expect(calls.pop()).toEqual(['the last one']);
  answers.splice(answers.lastIndexOf(1), 1);
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
    for (const path of paths) send({ type, path, argumentList: [{ value: 'globalThis.polluted = 1' }] });
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
  ['nothing', [undefined]],
  ['a hole', new Array(60_000)],
])('S9: %s in the place of a name: nothing runs, it is reported', async (_, path) => {
  for (const type of ['GET', 'SET', 'APPLY', 'CONSTRUCT', 'nonsense', ['GET']]) {
    send({ type, path, argumentList: [{ value: 'globalThis.polluted = 1' }] });
  }
  await answered();
  expect(answers).toMatchObject(Array(6).fill({ code: 'PROTOCOL' }));
  // The first, the second, and the fourth: a flood of nonsense is no flood of reports.
  expect(errors.map(({ code }) => code)).toEqual(Array(3).fill('PROTOCOL'));
  expect('polluted' in globalThis).toBe(false);
});

it('S9: what a function is called with by call and apply is a copy, or a proxy, and no way out', async () => {
  const ways: [path: string[], ...values: unknown[]][] = [
    [['method', 'call'], {}, 1],
    [['method', 'apply'], {}, [1, 2]],
    [['method', 'bind']],
    [['method', 'call', 'call'], {}],
  ];
  for (const [path, ...values] of ways) {
    send({ type: 'APPLY', path, argumentList: values.map((value) => ({ value })) });
    await answered();
  }
  send({ type: 'GET', path: ['method'] });
  await answered();
  const thrown = (error: object): unknown[] => [0, 'throw', { isError: true, value: error }];
  const unserializable = thrown({ message: 'Unserializable return value' });
  expect(answers).toMatchObject([1, 2, unserializable, thrown({ name: 'TypeError' }), unserializable]);
});

it.each<[string, unknown[]]>([
  ['a path that has no length', [0, 0, 'APPLY', undefined]],
  ['a path that is a list', [0, 0, 'APPLY', ['method']]],
  ['a path below zero', [0, 0, 'APPLY', -1, 'method']],
  ['holes for arguments', [0, 0, 'APPLY', 1, 'method', ...new Array(50_000)]],
  ['an unknown type', [0, 0, 'EVAL', 1, 'method']],
  ['an answer to nothing', [0, 0, 'RAW', 0, 0, 1]],
  ['a release', [0, 0, 'RELEASE', 0]],
  ["Comlink's own form", [0, 0, { id: 'x', type: 'APPLY', path: ['method'], argumentList: [] }]],
  ['a text', [0, 'text']],
  ['nothing', [0]],
])('%s: it is reported, and answered', async (_, said) => {
  port.post([0, ...say(...(said as [unknown]))]);
  await answered();
  expect(answers).toMatchObject([{ code: 'PROTOCOL' }]);
  expect(calls).toEqual([]);
  expect(errors.map(({ code }) => code)).toEqual(['PROTOCOL']);
  expect(errors[0]!.message).toMatch(/^link with a \(.*\): object, a message that makes no sense; ignored/);
});

it.each<[string, Wire[]]>([
  ['of an unknown transfer handler', [{ name: 'nobody', value: 1 }]],
  ['of a handler that is no text', [{ name: {}, value: 1 }]],
  ['a proxy of nothing', [{ name: 'proxy', value: {} }]],
  ['a thrown one', [{ name: 'throw', value: { isError: true, value: { message: 'thrown' } } }]],
  [
    'a thrown one with what is no text',
    [{ name: 'throw', value: { isError: true, value: { code: {}, message: {}, name: [] } } }],
  ],
  [
    'a thrown one that becomes no text',
    [{ name: 'throw', value: { isError: false, value: { toString: 1, valueOf: 1 } } }],
  ],
  ['a thrown one that is no error', [{ name: 'throw', value: { isError: false } }]],
])('an argument that can not be read (%s) fails its call', async (_, argumentList) => {
  send({ type: 'APPLY', path: ['method'], argumentList });
  await answered();
  expect(answers).toHaveLength(1);
  expect(answers[0]).not.toBe(1);
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
  const argumentList = [{ name: 'throw', value }];
  port.post([0, wire.PORTS, [place], ...call(0, { type: 'APPLY', path: ['method'], argumentList })], [raw]);
  await answered();
  expect(answers).toHaveLength(1);
  expect(answers[0]).toBeInstanceOf(Error);
  expect(Object(answers[0])).not.toHaveProperty('code.postMessage');
});

const get = { type: 'GET', path: [] };

it.each<[string, unknown]>([
  ['null', null],
  ['no array', { length: 4, 0: 0 }],
  ['nothing in it', []],
  ['half a call', [0, wire.REQUEST, 900]],
  ['no count', ['x']],
  ['holes', Object.assign(new Array(2 ** 32 - 3), [0])],
  ['an unknown kind', [0, 99, {}, 98, {}]],
  ['a stream', [0, wire.STREAM, 900, 'object', 1, 0]],
  ['lanes that are none', [0, ...call(0, get, 5)]],
  ['a lane below zero', [0, ...withLanes(-1)]],
  ['holes for lanes', [0, ...call(0, get, new Array(2 ** 32 - 1))]],
  ['a lane without a number', [0, ...withLanes(undefined)]],
])('a post of %s: it is reported once, and nothing of it stays', async (_, post) => {
  port.post(post);
  await answered();
  expect(errors.map(({ code }) => code)).toEqual(['PROTOCOL']);
  expect(loadOf(b)).toEqual({ connections: 1, endpoints: 1, calls: 0 });
});

/** A call with callbacks. */
function withLanes(...ids: unknown[]): unknown[] {
  const places = ids.map((id) => ({ id, exposed: true }));
  const argumentList = places.map((value) => ({ name: 'proxy', value }));
  return call(0, { type: 'APPLY', path: ['method'], argumentList }, places);
}

it('a lane is given to Comlink only, wherever else in a message its place stands', async () => {
  const place = { id: 1, exposed: true };
  const argumentList = [{ name: 'proxy', value: place }, { value: { place } }];
  port.post([0, ...call(0, { type: 'APPLY', path: ['method'], argumentList }, [place])]);
  await answered();
  expect(calls).toEqual([[expect.any(Function), { place }]]);
  const other = { id: 2, exposed: true };
  port.post([0, ...call(0, { type: 'APPLY', path: ['method'], argumentList: [{ value: other }] }, [other])]);
  await answered();
  expect(calls[1]).toEqual([expect.any(MessagePort)]);
});

it('a lane that is told of twice is one', async () => {
  port.post([0, ...withLanes(1, 1)]);
  await answered();
  expect(errors.map(({ code }) => code)).toEqual(['PROTOCOL']);
  expect(loadOf(b).endpoints).toBe(2);
});

it('calls on a lane that is not there are answered, and lanes in them are not made', async () => {
  const place = { id: 3, exposed: true };
  port.post([0, ...call(-5, get), ...call(-5, get, [place]), wire.EVENT, 'object', 1, -5]);
  await answered();
  expect(errors).toEqual([]);
  expect(answers).toMatchObject([{ code: 'CLOSED' }, { code: 'CLOSED' }]);
  expect(loadOf(b).endpoints).toBe(1);
});

it('a call on what is exposed there, and not here, makes no sense', async () => {
  port.post([0, ...withLanes(1), ...call(-1, get)]);
  await answered();
  expect(errors.map(({ code }) => code)).toEqual(['PROTOCOL']);
});

it('ports that come for a lane that is not there are closed', async () => {
  const [raw, end] = await portOfB();
  const place = {};
  port.post([0, wire.PORTS, [place], ...say(-7, 0, place)], [raw]);
  await end;
});

it('what else two peers say to each other says nothing here, whatever it is granted elsewhere', async () => {
  const told: unknown[] = [];
  b.on('free', () => told.push('event'));
  b.handle('free', () => told.push('request'));
  b.onPort('ports', () => void told.push('port'));
  const [raw, end] = await portOfB();
  port.post([0, wire.EVENT, 'free', 0, wire.STREAM, 900, 'free', 1, 0, wire.REQUEST, ++lastId, 'free', 0]);
  port.post([0, wire.PORTS, [{}], wire.PORT, 901, 'ports', 0], [raw]);
  await end;
  await answered();
  expect(told).toEqual([]);
});

it('there is an end to the endpoints that it may ask for, and to those that it may tell of', async () => {
  const ids = Array.from({ length: 99_999 }, (_, i) => i + 1);
  // As if these were proxies: what is not in the place of one would be a port of the platform each.
  for (let at = 0; at < ids.length; at += 30_000) port.post([0, ...withLanes(...ids.slice(at, at + 30_000))]);
  await answered();
  // `calls` keeps what it is called with: proxies that are collected as garbage say so among the answers.
  expect(loadOf(b).endpoints).toBe(100_000);
  send({ type: 'ENDPOINT' });
  await answered();
  expect(answers.at(-1)).toMatchObject({ code: 'LIMIT' });
  port.post([0, ...withLanes(100_001)]);
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
  port.post([0, ...withLanes(id)]);
  await answered();
  expect(errors.map(({ code }) => code)).toEqual(['PROTOCOL']);
  expect(loadOf(b).endpoints).toBe(1);
});

it('nothing is kept of calls with what nobody here can read', async () => {
  const before = await heapAfterCollection();
  for (let i = 0; i < 20; i++) {
    send({ type: 'APPLY', path: ['method', `${i}`.padEnd(1_000_000, 'x')], argumentList: [{ name: 'nobody' }] });
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
    [[]],
    [[5, 0, 1]],
    [[null, 0, 1]],
    [[[{ id: -1, exposed: true }], 'proxy', { id: -1 }]],
    [[[null], 'proxy', null]],
    [[0, 'nobody', 1]],
    [[0, {}, 1]],
    [[new Array(2 ** 32 - 1), 0, 1]],
    [new Array(2 ** 32 - 1)],
  ])('%#: the call settles', async (answer) => {
    expect(await answeredWith((id) => [wire.RESULT, id, answer])).not.toHaveProperty('value');
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
  const place = fc.record({
    id: fc.oneof(fc.integer({ min: -2, max: 9 }), value),
    exposed: fc.oneof(fc.boolean(), value),
  });
  const places = fc.oneof(fc.constant(0), fc.array(place), value);
  const type = fc.oneof(fc.constantFrom('GET', 'SET', 'APPLY', 'CONSTRUCT', 'ENDPOINT', 'RAW', 'HANDLER'), value);
  const path = fc.oneof(fc.array(fc.constantFrom('method', 'nested', ...names), { maxLength: 3 }), fc.array(value));
  const wires = fc.array(fc.tuple(fc.oneof(fc.constantFrom(0, 'proxy', 'throw'), value), fc.oneof(value, place)));
  const request = fc.oneof(
    fc.array(value),
    fc.tuple(places, value),
    fc
      .tuple(places, type, path, wires)
      .map(([list, what, names, each]) => [
        list,
        what,
        names.length,
        ...names,
        ...each.flatMap(([name, its], i) => [name, Array.isArray(list) && i % 2 === 0 ? (list as unknown[])[i] : its]),
      ]),
  );
  const frame = fc.oneof(
    fc
      .tuple(id, lane, request)
      .map(([number, to, rest]) => [wire.REQUEST, number, 'object', rest.length + 1, to, ...rest]),
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
