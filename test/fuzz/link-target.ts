import assert from 'node:assert';
import * as control from '../../src/core/broker/control.js';
import type { Bus } from '../../src/core/bus/bus.js';
import { HANDLE, LISTEN } from '../../src/core/directory/entry.js';
import { createMemoryChannel } from '../../src/core/port/memory-port.js';
import type { Port } from '../../src/core/port/port.js';
import * as wire from '../../src/core/wire/frames.js';
import { ControlSide } from '../unit/support/control-side.js';
import { turn } from '../unit/support/turn.js';
import { FuzzMesh } from './mesh.js';
import { closePorts, SentPorts } from './ports.js';
import { linkPosts, type Post } from './posts.js';
import type { Recording } from './record.js';
import type { Target } from './target.js';

/** Of which the hostile peer gets some, to be answered by it. */
const ASKED = 4;
const LAST_ID = 999_999;

/** A bus, by its link with a peer that speaks the wire by hand, and wrongly. */
export class LinkTarget implements Target {
  readonly name = 'link';
  readonly post: Target['post'];
  readonly counts = { answers: 0, settled: 0, reported: 0, ports: 0 };
  readonly #mesh: FuzzMesh;
  readonly #victim: Bus;
  readonly #friend: Bus;
  /** What a port's owner threw; its members must not. */
  readonly #thrown: unknown[] = [];
  readonly #problems: unknown[] = [];
  readonly #sent = new SentPorts();

  private constructor(recording: Recording, mesh: FuzzMesh, victim: Bus, friend: Bus, thrown: unknown[]) {
    this.post = linkPosts(recording.frames);
    this.#mesh = mesh;
    this.#victim = victim;
    this.#friend = friend;
    this.#thrown = thrown;
    for (const bus of [victim, friend]) {
      serve(bus);
      bus.onError((error) => this.#problems.push(error));
    }
  }

  static async make(recording: Recording): Promise<LinkTarget> {
    const thrown: unknown[] = [];
    const mesh = new FuzzMesh(() => {
      const [near, far] = createMemoryChannel().ports;
      return [guarded(near, thrown), guarded(far, thrown)];
    });
    const [victim, friend] = [await mesh.join('victim'), await mesh.join('friend')];
    return new LinkTarget(recording, mesh, victim, friend, thrown);
  }

  async run(posts: readonly Post[]): Promise<void> {
    const [near, far] = createMemoryChannel().ports;
    const id = this.#mesh.admit('hostile', far);
    const seat = new ControlSide(near);
    seat.post([control.CHANGES, 1, [HANDLE, 'ask', LISTEN, 'h']]);
    await turn();

    // The victim has opened a link to it: calls wait for its answer, and posts that went alone are unacknowledged.
    const calls = this.#ask(id);
    await turn();
    const port = seat.ports[0] as Port;
    const received: unknown[][] = [];
    port.start({
      message: (data, ports) => {
        received.push(data as unknown[]);
        for (const each of ports) (each as Port).close();
      },
      unreadable() {},
      close() {},
    });
    await turn();

    for (const { data, ports } of posts) port.post(data, this.#sent.make(ports));
    await turn();
    assert.deepEqual(this.#thrown, [], 'nothing is thrown into the process');

    // It is still answered, and the others don't notice.
    port.post([received.length, wire.REQUEST, LAST_ID, 'still', 0]);
    await turn();
    const flat = received.flat();
    const answer = flat.findIndex((each, i) => each === LAST_ID && flat[i - 1] === wire.RESULT);
    assert.equal(flat[answer + 1], 'still here', 'it is still answered');
    assert.equal(await this.#friend.to('victim').request('still'), 'still here', 'the others are still answered');
    assert.equal(this.#mesh.malformed, 0, 'the broker is told no nonsense');

    // And nothing of it is left once it is gone.
    this.#mesh.hub.remove(id, 'evicted');
    await calls;
    await turn();
    await turn();
    assert.deepEqual(this.#victim.load, { links: 1, calls: 0, serving: 0, parked: 0, signals: 0, references: 0 });
    assert.deepEqual(
      [...this.#victim.peers].map(({ name }) => name),
      ['friend'],
    );
    assert.equal(this.#sent.open, 0, 'every port that it sent is closed');
    assert.equal(({} as Record<string, unknown>)['a'], undefined, 'no prototype was polluted');
    assert.deepEqual(this.#thrown, []);
    this.#count(received.length);
  }

  /** Calls of each kind, each waiting for the hostile peer. Resolves when all have settled. */
  async #ask(id: string): Promise<void> {
    const hostile = this.#victim.to({ id }).with({ timeout: Infinity });
    const settled = (value: unknown): void => {
      this.counts.settled++;
      closePorts(value);
    };
    const calls: Promise<unknown>[] = [];
    for (let i = 0; i < ASKED; i++) {
      calls.push(hostile.request('ask', i % 2 === 0 ? new Map([[i, i]]) : i).then(settled, settled));
      calls.push(drained(hostile.stream('ask', i)).then(settled, settled));
      calls.push(hostile.openPort('ask', i).then(settled, settled));
      hostile.send('h', new Set([i]));
    }
    await Promise.all(calls);
  }

  #count(answers: number): void {
    this.counts.answers += answers;
    this.counts.reported += this.#problems.length;
    this.counts.ports = this.#sent.sent;
    for (const error of this.#problems.splice(0)) {
      const { code, message } = error as { code?: string; message: string };
      // A stream asked of a handler that returns none, and given up: nobody else is there to be told.
      assert.ok(code === 'PROTOCOL' || /^of the listener$|returned no stream/.test(message), message);
    }
  }
}

async function drained(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const item of stream) closePorts(item);
}

/** Everything a bus can be asked for, by an application that closes the ports it is given. */
function serve(bus: Bus): void {
  bus.handle('still', () => 'still here');
  bus.handle('echo', (_, ...args) => {
    closePorts(args);
    return args[0];
  });
  bus.handle('slow', (_, ...args) => {
    closePorts(args);
    return new Promise(() => {});
  });
  bus.handle('throws', (_, ...args) => {
    closePorts(args);
    throw args[0];
  });
  // No generator itself: the body of one that nobody takes items from never runs, and its ports would be its own loss.
  bus.handle('items', (_, ...args) => {
    closePorts(args);
    return counted(args[0]);
  });
  bus.onPort('way', (_, port, ...args) => {
    closePorts([port, args]);
  });
  bus.on('e', (_, ...args) => closePorts(args));
  bus.on('loud', (_, ...args) => {
    closePorts(args);
    throw new Error('of the listener');
  });
}

async function* counted(value: unknown): AsyncGenerator<unknown> {
  for (let i = 0; i < 50; i++) yield [i, value];
}

/** Writes down what a port's owner throws. */
function guarded(port: Port, thrown: unknown[]): Port {
  const start = port.start.bind(port);
  return Object.assign(port, {
    start: (listener: Parameters<Port['start']>[0]) =>
      start({
        ...listener,
        message(data, ports) {
          try {
            listener.message(data, ports);
          } catch (error) {
            thrown.push(error);
          }
        },
      }),
  });
}
