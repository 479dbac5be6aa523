import type { Peer } from 'portmesh';
import { hueOf, part } from './dom.js';
import { settleWithError } from './errors.js';
import type { Log } from './log.js';
import type { Seat } from './seat.js';

/** The head of the page: who this is, whether it is in the mesh, and the ways out and in again. */
export class Identity {
  readonly #seat: Seat;
  readonly #log: Log;
  readonly #leave = part<HTMLButtonElement>('leave');
  readonly #join = part<HTMLButtonElement>('join');

  constructor(seat: Seat, log: Log) {
    this.#seat = seat;
    this.#log = log;
    part('self-name').textContent = seat.name;
    document.documentElement.dataset['hue'] = hueOf(seat.name);
    document.title = `Portmesh · ${seat.name}`;
    this.#leave.addEventListener('click', () => void seat.bus.close());
    this.#join.addEventListener('click', () => void this.join());
  }

  async join(): Promise<void> {
    this.#show('joining', 'joining');
    try {
      const bus = await this.#seat.join();
      this.#log.add('joined', 'joined the mesh');
      this.#show('joined', 'in the mesh', identify(bus.self));
      const { reason, detail } = await bus.closed;
      this.#log.add('left', `this page’s seat has ended: ${reason}${detail ? ` (${detail})` : ''}`);
      this.#show('ended', reason);
    } catch (error) {
      settleWithError(this.#log.add('failed', 'this page could not join'), error);
      this.#show('ended', 'refused');
    }
  }

  #show(state: 'joining' | 'joined' | 'ended', words: string, identity = 'not in the mesh'): void {
    const chip = part('state');
    chip.dataset['state'] = state;
    chip.textContent = words;
    part('self-identity').textContent = identity;
    this.#leave.hidden = state !== 'joined';
    this.#join.hidden = state !== 'ended';
  }
}

/** What the bridge has stamped, in a line. */
export function identify({ type, origin, process, id }: Peer): string {
  return [...new Set([type, origin || process.type, `pid ${process.pid}`, shortId(id)])].join(' · ');
}

/** A peer's number. The part before it is the same for all that one bridge has let in. */
function shortId(id: string): string {
  return `#${id.slice(id.lastIndexOf('.') + 1)}`;
}
