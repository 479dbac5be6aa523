import { ControlOutbox, type Message } from '../../src/core/broker/control.js';
import type { Bus } from '../../src/core/bus/bus.js';
import { createMemoryChannel } from '../../src/core/port/memory-port.js';
import type { Port, PortListener } from '../../src/core/port/port.js';
import { readFrame, type FrameSink } from '../../src/core/link/reader.js';
import { PORTS } from '../../src/core/wire/frames.js';
import { transfer } from '../../src/core/wire/transfer.js';
import { turn } from '../unit/support/turn.js';
import { FuzzMesh } from './mesh.js';

/** A frame of the real thing, as it went over a link; with PORTS, the one that it belongs to too. */
export interface Recorded {
  readonly data: readonly unknown[];
  /** How many ports went beside it */
  readonly ports: number;
  readonly kinds: readonly number[];
}

export interface Recording {
  readonly frames: readonly Recorded[];
  readonly messages: readonly Message[];
}

const FEW = 3;
/** More than a stream's consumer has room for at the beginning, so that it has to give credit. */
const ITEMS = 2500;

/** What ordinary peers tell each other, and the broker: everything that the wires have a kind for. */
export async function record(): Promise<Recording> {
  const frames: Recorded[] = [];
  const messages: Message[] = [];
  const listeners: PortListener[] = [];
  const mesh = new FuzzMesh(() => {
    const [near, far] = createMemoryChannel().ports;
    return [tapped(near, frames, listeners), tapped(far, frames, listeners)];
  });
  const original = ControlOutbox.prototype.post;
  ControlOutbox.prototype.post = function (message, ...ports) {
    messages.push(structuredClone(message));
    original.call(this, message, ...ports);
  };
  try {
    await talk(mesh, listeners);
  } finally {
    ControlOutbox.prototype.post = original;
  }
  return { frames: fewOf(frames, ({ kinds }) => kinds.join()), messages: fewOf(messages, ([kind]) => String(kind)) };
}

/**
 * The first ones of each sort, by sorts: how many there are of some, and in which order, depends on the moment, and what a seed
 * picks shall not.
 */
function fewOf<T>(all: readonly T[], sortOf: (each: T) => string): T[] {
  const sorts = new Map<string, T[]>();
  for (const each of all) sorts.set(sortOf(each), [...(sorts.get(sortOf(each)) ?? []), each]);
  return [...sorts].sort(([a], [b]) => a.localeCompare(b)).flatMap(([, few]) => few.slice(0, FEW));
}

/** A port that writes down what is posted on it, and its listener. */
function tapped(port: Port, frames: Recorded[], listeners: PortListener[]): Port {
  const post = port.post.bind(port);
  const start = port.start.bind(port);
  return Object.assign(port, {
    post(message: unknown, list: readonly unknown[] = []) {
      const data = structuredClone(message) as unknown[];
      frames.push(...framesIn(data, list.filter((each) => !(each instanceof ArrayBuffer)).length));
      post(message, list);
    },
    start(listener: PortListener) {
      listeners.push(listener);
      start(listener);
    },
  });
}

/** The frames of a post. The library's own reader walks over it. */
function framesIn(post: readonly unknown[], ports: number): Recorded[] {
  const frames: Recorded[] = [];
  const sink = new Proxy({}, { get: () => () => true }) as FrameSink;
  for (let at = 1, next; at < post.length; at = next) {
    const first = post[at] as number;
    next = readFrame(post, at, sink);
    const kinds = first === PORTS ? [first, post[next] as number] : [first];
    if (first === PORTS) next = readFrame(post, next, sink);
    if (next < 0) break;
    frames.push({ data: post.slice(at, next), ports: first === PORTS ? ports : 0, kinds });
  }
  return frames;
}

async function talk(mesh: FuzzMesh, listeners: readonly PortListener[]): Promise<void> {
  const [a, b] = [await mesh.join('a'), await mesh.join('b')];
  serve(b);
  await a.subscribe('heard', () => {});
  const to = a.to('b').with({ timeout: Infinity });
  // b announces while a's link to it is on the way: the whole state is told.
  to.send('e', 0);
  b.on('late', () => {});
  await turn();

  to.send('e', 1, { text: 'one', list: [1, 2, { deep: true }] });
  to.send('e', new Map([['key', new Set([1n])]]), new Date(0), /x/g);
  b.send('heard', 'back');
  await to.request('echo', 1, undefined, null);
  await to.request('echo', new Map([[1, 2]]));
  await to.request('later', new Uint8Array(8));
  await to.request('echo', transfer(new Uint8Array(32), []));
  for (const channel of ['fails', 'throws']) await to.request(channel).catch(() => {});
  const abort = new AbortController();
  const aborted = to.with({ signal: abort.signal }).request('hangs');
  await turn();
  abort.abort();
  await aborted.catch(() => {});
  // Given back: the handler goes while the request is on the way.
  const gone = b.handle('gone', () => {});
  await turn();
  const missed = to.request('gone', 1, 2);
  gone.dispose();
  await missed.catch(() => {});

  let seen = 0;
  for await (const item of to.stream('items', ITEMS)) if (item === ITEMS - 1 || seen++ > ITEMS) break;
  const port = await to.openPort('way', { codec: 'x' });
  port.close();
  const moved = await to.openPort('way');
  await to.request('echo', transfer({ moved }, [moved])).catch(() => {});
  await a.drain();
  // From here on the two count differently, and say so.
  for (const bus of [a, b]) bus.onError(() => {});
  for (const listener of listeners) listener.unreadable();
  await turn();
  await b.close();
  await a.close();
  mesh.hub.close();
  await turn();
}

function serve(bus: Bus): void {
  bus.on('e', () => {});
  bus.handle('echo', (_, value) => value);
  bus.handle('later', async (_, value) => {
    await turn();
    return value;
  });
  bus.handle('fails', () => {
    const errors = [new RangeError('inner'), 'text'];
    throw Object.assign(new AggregateError(errors, 'outer', { cause: new TypeError('cause') }), { code: 'E' });
  });
  bus.handle('throws', () => {
    throw { no: 'error' };
  });
  bus.handle('hangs', () => new Promise(() => {}));
  bus.handle('items', async function* (_, count) {
    for (let i = 0; i < count; i++) yield i;
  });
  bus.onPort('way', () => {});
}
