import assert from 'node:assert';
import * as control from '../../src/core/broker/control.js';
import type { Bus } from '../../src/core/bus/bus.js';
import { createMemoryChannel } from '../../src/core/port/memory-port.js';
import { FakePort } from '../unit/support/fake-port.js';
import { turn } from '../unit/support/turn.js';
import { FuzzMesh } from './mesh.js';
import { SentPorts } from './ports.js';
import { controlPosts, type Post } from './posts.js';
import type { Recording } from './record.js';
import type { Target } from './target.js';

const TOKEN = 424_242;
/** Milliseconds after which it won't be. */
const ANSWER_MS = 5000;
const ANSWERED: control.Message = [control.SYNCED, TOKEN];

/** The bridge's broker, by the control port of a peer that speaks the wire by hand, and wrongly. */
export class BridgeTarget implements Target {
  readonly name = 'bridge';
  readonly post: Target['post'];
  readonly counts = { malformed: 0, links: 0, ports: 0 };
  readonly #mesh: FuzzMesh;
  readonly #victim: Bus;
  readonly #problems: unknown[] = [];
  readonly #sent = new SentPorts();

  private constructor(recording: Recording, mesh: FuzzMesh, victim: Bus, friend: Bus) {
    this.post = controlPosts(recording.messages);
    this.#mesh = mesh;
    this.#victim = victim;
    for (const bus of [victim, friend]) {
      bus.handle('echo', (_, value) => value);
      bus.on('e', () => {});
      bus.onError((error) => this.#problems.push(error));
    }
  }

  static async make(recording: Recording): Promise<BridgeTarget> {
    const mesh = new FuzzMesh(() => createMemoryChannel().ports);
    return new BridgeTarget(recording, mesh, await mesh.join('victim'), await mesh.join('friend'));
  }

  async run(posts: readonly Post[]): Promise<void> {
    const port = new FakePort();
    const id = this.#mesh.admit('hostile', port);
    await turn();
    for (const { data, ports } of posts) {
      const before = this.#mesh.malformed;
      port.deliverWith(structuredClone(data), this.#sent.make(ports));
      const malformed = this.#mesh.malformed - before;
      assert.ok(malformed <= 1, 'nonsense is told once for a post');
      this.counts.malformed += malformed;
    }
    await turn();

    // It is still answered, and the others find each other, and newcomers.
    port.deliver([[control.SYNC, TOKEN]]);
    const isAnswered = (): boolean =>
      (port.posts.flat() as control.Message[]).some((each) => each[0] === ANSWERED[0] && each[1] === ANSWERED[1]);
    // Behind the changes that came before, of which many are told a little later.
    const end = performance.now() + ANSWER_MS;
    do await turn();
    while (!isAnswered() && performance.now() < end);
    assert.ok(isAnswered(), 'it is still answered');
    assert.equal(await this.#victim.to('friend').request('echo', 1), 1, 'the others still talk');
    const late = await this.#mesh.join('late');
    assert.equal(await late.to('victim').request('echo', 2), 2, 'newcomers find the others');
    assert.deepEqual([...late.peers].map(({ name }) => name).sort(), ['friend', 'hostile', 'victim']);
    await late.close();

    // And nothing of it is left once it is gone.
    this.#mesh.hub.remove(id, 'evicted');
    for (const raw of port.transfers.flatMap((list) => list ?? [])) (raw as { close(): void }).close();
    await turn();
    await turn();
    assert.deepEqual(this.#victim.load, { links: 1, calls: 0, serving: 0, parked: 0, signals: 0, references: 0 });
    assert.deepEqual(
      [...this.#victim.peers].map(({ name }) => name),
      ['friend'],
    );
    assert.equal(this.#sent.open, 0, 'every port that it sent is closed');
    assert.deepEqual(this.#problems, []);
    this.counts.links = this.#mesh.hub.state().links;
    this.counts.ports = this.#sent.sent;
  }
}
