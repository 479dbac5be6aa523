import { showsState } from '../directory/grant.js';
import type { Peer } from '../directory/peer.js';
import { closeRaw } from '../port/port.js';
import { mayLink, type Chair } from './chair.js';
import type { Witness } from './confirmations.js';
import * as control from './control.js';
import type { MeshState } from './mesh-state.js';
import { MAX_CONFIRMING } from './pace.js';
import type { Ticket } from './tickets.js';

export interface DeskOwner {
  /** A channel for a peer that can't make one: its two ends. `undefined` for a peer that can: it has no need to ask. */
  channel(peer: Peer): readonly [object, object] | undefined;
  /** A fresh ticket, where peers link by sockets: else nobody has a need to DIAL. */
  ticket?(): Ticket;
  /** The broker's state, for those who may know it. */
  state?(): MeshState;
}

/** The hub, for its desk: see there. */
export interface DeskHub {
  chair(id: string): Chair | undefined;
  link(from: string, to: string, known: number, port: object, epoch: number): boolean;
  listen(
    ticket: Ticket,
    from: string,
    to: string,
    known: number,
    answer: (address: unknown, why?: string) => void,
  ): void;
  confirm(done: () => void, meant: (chair: Chair) => boolean, others: (witness: Witness) => boolean): void;
}

/**
 * Sees to what peers ask of their broker, each at its pace: channels, links, confirmations, the state of the mesh. What says whether it is
 * taken is false where it makes no sense, or too much waits already.
 */
export class Desk {
  readonly #hub: DeskHub;
  readonly #owner: DeskOwner;
  readonly #opened: () => void;

  /** @param opened called for each link that is passed on */
  constructor(hub: DeskHub, owner: DeskOwner, opened: () => void) {
    this.#hub = hub;
    this.#owner = owner;
    this.#opened = opened;
  }

  /** For a peer that can't make one. */
  channel(chair: Chair, token: number): boolean {
    let made = true;
    const taken = chair.making.step(() => {
      const ends = this.#owner.channel(chair.peer);
      made = ends !== undefined;
      if (ends) chair.outbox.post([control.CHANNEL, token], ...ends);
    });
    return taken && made;
  }

  open(chair: Chair, to: string, epoch: number, known: number, port: object): boolean {
    const close = (): void => closeRaw(port);
    const open = (): void => {
      if (!this.#hub.link(chair.peer.id, to, known, port, epoch)) {
        close();
        chair.outbox.post([control.UNLINKED, to, epoch]);
        return;
      }
      this.#opened();
    };
    return chair.opening.step(open, close);
  }

  /** False, too, if there is no need to. Each makes another peer wait for somebody to come. */
  dial(chair: Chair, token: number, to: string, known: number): boolean {
    return (
      this.#owner.ticket !== undefined &&
      chair.making.step(() => {
        const ticket = this.#owner.ticket?.() as Ticket;
        const { id, key } = ticket;
        this.#hub.listen(ticket, chair.peer.id, to, known, (address, why) =>
          chair.outbox.post(
            why === undefined ? [control.TICKET, token, id, key, address] : [control.UNDIALED, token, why],
          ),
        );
      })
    );
  }

  query({ peer, grant, outbox }: Chair, token: number): void {
    const granted = showsState(grant, peer.process.type !== 'renderer');
    const state = granted ? this.#owner.state?.() : undefined;
    const text = 'queryState(): this peer is not granted to see the state of the mesh. Grant it with { state: true }.';
    outbox.post(state ? [control.QUERY, token, state] : [control.FAILED, token, 'NOT_AUTHORIZED', text]);
  }

  /** Answers when every other peer that is told of it has dispatched what it was told before, or hangs, or has left. */
  confirm(chair: Chair, token: number): boolean {
    const { confirming } = chair;
    if (confirming) return confirming.length < MAX_CONFIRMING && confirming.push(token) > 0;
    this.#confirm(chair, [token]);
    return true;
  }

  #confirm(chair: Chair, tokens: number[]): void {
    chair.confirming = tokens;
    chair.confirmations.step(() => {
      const asked = chair.confirming as number[];
      chair.confirming = [];
      const done = (): void => {
        for (const each of asked) chair.outbox.post([control.CONFIRMED, each]);
        const next = chair.confirming as number[];
        chair.confirming = undefined;
        if (next.length > 0 && this.#hub.chair(chair.peer.id) === chair) this.#confirm(chair, next);
      };
      this.#hub.confirm(
        done,
        // Nobody else is told of it. And who may not be linked to it shall not be able to hold it up.
        (other) => other !== chair && mayLink(other, chair),
        () => true,
      );
    });
  }
}
