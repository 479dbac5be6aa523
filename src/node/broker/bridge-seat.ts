import { Annex } from '../../core/broker/annex.js';
import { ControlOutbox } from '../../core/broker/control.js';
import type { Hub } from '../../core/broker/hub.js';
import { intersect } from '../../core/directory/grant.js';
import type { Peer } from '../../core/directory/peer.js';
import { MeshError, type LeaveReason } from '../../core/errors/mesh-error.js';
import type { Mux } from '../socket/mux.js';
import { decide } from './decide.js';
import type { CheckedBroker } from './options.js';

export interface BridgeSeatOptions {
  readonly hub: Hub;
  readonly admission: Pick<CheckedBroker, 'authorize' | 'authorizeTimeout'>;
  readonly joined: (peer: Peer) => void;
  readonly refused: (error: MeshError) => void;
  readonly malformed: (problem: string) => void;
  readonly ended: () => void;
}

/** A bridge that has joined this broker, with the peers that it tells of. */
export class BridgeSeat {
  /** What it calls itself, also after it has lost its connection. */
  readonly id: string;
  readonly #mux: Mux;
  readonly #options: BridgeSeatOptions;
  readonly #annex: Annex;

  constructor(id: string, mux: Mux, options: BridgeSeatOptions) {
    this.id = id;
    this.#mux = mux;
    this.#options = options;
    const { hub, admission, joined, refused, malformed } = options;
    const outbox = new ControlOutbox(mux.port);
    this.#annex = new Annex({
      hub,
      evicts: true,
      send: (message) => outbox.post(message),
      announces: ({ remote }) => !remote,
      async admit({ name, type, origin }, grant) {
        const given = await decide(admission, { name, type, origin, grant }, ' of a bridge');
        if (!MeshError.is(given)) return intersect(grant, given);
        refused(given);
        return undefined;
      },
      seat(peer, port, grant, more) {
        hub.admit(peer, port, grant, more);
        joined(peer);
      },
      malformed,
    });
    mux.port.start({
      message: (data) => {
        if (!Array.isArray(data)) return malformed('a post of a bridge that is no array');
        for (let i = 0; i < data.length; i++) this.#annex.receive(data[i]);
      },
      unreadable: () => malformed('a post of a bridge that can not be read'),
      close: () => this.end('bridge-gone'),
    });
  }

  /** Those whom it has told of leave. Idempotent. */
  end(reason: LeaveReason): void {
    this.#annex.end(reason);
    this.#mux.close();
    this.#options.ended();
  }
}
