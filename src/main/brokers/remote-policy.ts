import { everything, intersect, type Grant } from '../../core/directory/grant.js';
import type { Peer } from '../../core/directory/peer.js';
import type { Candidate } from '../candidate.js';
import { BROKER } from '../names.js';
import { judge, type PolicyOptions } from '../policy.js';
import type { Reception, Rejection } from '../reception.js';

/** Whether a peer that a broker tells of is let in. By default it is: it has shown the broker's secret. */
export class RemotePolicy {
  readonly #options: PolicyOptions;
  readonly #reception: Reception;

  constructor(options: PolicyOptions, reception: Reception) {
    this.#options = options;
    this.#reception = reception;
  }

  /** What it may do here; `undefined`: it is not let in. */
  async judge(peer: Peer, announced: Grant): Promise<Grant | undefined> {
    const { name, type, process } = peer;
    const candidate: Candidate = { name, type, origin: '', url: '', hostUrl: '', topOrigin: '', process };
    const refuse = (rejection: Rejection): undefined => {
      this.#reception.turnAway(candidate, rejection);
    };
    const verdict = this.#options.authorize ? await judge(candidate, this.#options) : { grant: everything };
    if ('refusal' in verdict) {
      const { refusal: message, code = 'NOT_AUTHORIZED', cause } = verdict;
      return refuse({ code, message, ...(cause !== undefined && { cause }) });
    }
    const grant = intersect(announced, verdict.grant);
    const problem = this.#reception.names.take(name, BROKER, verdict.grant.names);
    if (problem) return refuse({ code: 'NOT_AUTHORIZED', message: `${type} of a broker: ${problem}` });
    return grant;
  }
}
