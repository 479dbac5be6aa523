import type { Peer, Peers } from 'portmesh';

export type FlowKind = 'event' | 'request' | 'answer' | 'item' | 'point';

/** What flowed between a place and another peer: whom with, whether from it (`in`) or to it (`out`), what, how much. */
export type Flow = readonly [peer: string, direction: 'in' | 'out', kind: FlowKind, count: number];

export interface TrafficReport {
  /** Milliseconds that it covers */
  readonly ms: number;
  readonly flows: readonly Flow[];
  /** The ids of peers that owe this place something, and don't stir */
  readonly silent: readonly string[];
}

/** Counts what flows at a place. What two peers exchange is counted by one of them only: whoever was called. */
export class Traffic {
  readonly #counts = new Map<string, number>();
  readonly #silent = new Set<string>();
  #since = performance.now();

  count(peer: Peer, direction: 'in' | 'out', kind: FlowKind): void {
    const key = `${direction} ${kind} ${peer.id}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** Takes note of who does not answer any more, and of who does again. */
  attach(peers: Peers): void {
    this.#silent.clear();
    peers.on('unresponsive', ({ id }) => this.#silent.add(id));
    for (const news of ['responsive', 'leave'] as const) peers.on(news, ({ id }: Peer) => this.#silent.delete(id));
  }

  /** What has flowed since the last report. */
  report(): TrafficReport {
    const now = performance.now();
    const ms = now - this.#since;
    const flows = [...this.#counts].map(([key, count]) => {
      const [direction, kind, peer] = key.split(' ') as ['in' | 'out', FlowKind, string];
      return [peer, direction, kind, count] as const;
    });
    this.#since = now;
    this.#counts.clear();
    return { ms, flows, silent: [...this.#silent] };
  }
}
