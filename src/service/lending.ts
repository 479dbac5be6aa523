import type { ServiceCall } from '../core/bus/request.js';
import type { Peer } from '../core/directory/peer.js';
import type { MeshError } from '../core/errors/mesh-error.js';
import type { Lowered } from './lower.js';
import type { OwnedReferences } from './owned.js';

/** What a call's arguments hold by reference, while they are with a peer. */
export class Lending implements ServiceCall {
  readonly #ownedOf: (peer: string) => OwnedReferences;
  readonly #lowered: Lowered;
  readonly #service: ServiceCall;
  #owned: OwnedReferences | undefined;
  #ids: number[] = [];

  /** @param ownedOf what a peer has references to */
  constructor(ownedOf: (peer: string) => OwnedReferences, lowered: Lowered, service: ServiceCall) {
    this.#ownedOf = ownedOf;
    this.#lowered = lowered;
    this.#service = service;
  }

  /** Each time it is about to be sent to somebody. */
  prepare([head, ...values]: readonly unknown[], { id }: Peer): readonly unknown[] {
    this.end();
    const owned = this.#ownedOf(id);
    this.#owned = owned;
    const refs = told(this.#lowered, (each) => {
      const lent = owned.lend(each);
      this.#ids.push(lent);
      return lent;
    });
    return [[(head as unknown[])[0], refs], ...values];
  }

  nobody(): MeshError {
    return this.#service.nobody();
  }

  end(): void {
    for (const id of this.#ids.splice(0)) this.#owned?.settle(id);
  }
}

/** References as they are told: ids and paths in turns. */
export function told({ found, paths }: Lowered, idOf: (target: object) => number): unknown[] {
  return found.flatMap((each, i) => [typeof each === 'function' ? idOf(each) : -idOf(each), paths[i]]);
}
