import type { Pace, PlaygroundBus } from '../channels.js';
import { sleep } from './sleep.js';

/** Milliseconds of rest between two questions, at most; half of it at least. */
const rests: Readonly<Record<Pace, number>> = { quiet: Infinity, gossip: 420, busy: 24 };

/** How far away, in the circle of all peers, those live that a peer chats with: enough for a mesh, too few for a tangle. */
const NEIGHBOURS = [1, 2, 4];

/** Asks neighbours small things, straight over the links to them, as peers of a real app do all the time. */
export class Gossip {
  #pace: Pace = 'gossip';
  #wake = new AbortController();

  async attach(bus: PlaygroundBus): Promise<void> {
    bus.on('playground:pace', (_event, pace) => this.setPace(pace));
    void bus.closed.then(() => this.#wake.abort());
    for (let count = 0; bus.state === 'open'; count++) {
      const rest = rests[this.#pace] * (0.5 + Math.random() / 2);
      if (!(await this.#rested(rest))) continue;
      const [neighbour] = neighboursOf(bus).slice(count % NEIGHBOURS.length);
      // Who is gone, or stands still, is asked again another time.
      if (neighbour) {
        await bus
          .to({ id: neighbour })
          .with({ timeout: 2000 })
          .request('demo:ping', count)
          .catch(() => {});
      }
    }
  }

  setPace(pace: Pace): void {
    this.#pace = pace;
    this.#wake.abort();
  }

  /** False if it was woken. */
  async #rested(ms: number): Promise<boolean> {
    this.#wake = new AbortController();
    try {
      // A timer can't wait for ever, and a day is long enough.
      await sleep(Math.min(ms, 86_400_000), this.#wake.signal);
      return true;
    } catch {
      return false;
    }
  }
}

function neighboursOf(bus: PlaygroundBus): string[] {
  const circle = [bus.self, ...bus.peers].map(({ id }) => id).sort((a, b) => a.localeCompare(b));
  const here = circle.indexOf(bus.self.id);
  const ids = NEIGHBOURS.map((step) => circle[(here + step) % circle.length] ?? '');
  return [...new Set(ids)].filter((id) => id !== bus.self.id);
}
