import type { Annex } from '../../core/broker/annex.js';
import { MeshError, type LeaveReason } from '../../core/errors/mesh-error.js';
import { startTimer } from '../../core/timer.js';
import { show, type Address } from '../../node/net/address.js';
import type { BrokerStatus } from './status.js';

interface First {
  readonly resolve: () => void;
  readonly reject: (error: MeshError) => void;
}

/** A broker that the bridge has joined, or tries to. */
export class JoinedBroker {
  readonly id: number;
  readonly address: Address;
  readonly token: string;
  annex: Annex | undefined;
  #problem: MeshError | undefined;
  #first: First | undefined;

  constructor(id: number, address: Address, token: string) {
    this.id = id;
    this.address = address;
    this.token = token;
  }

  get status(): BrokerStatus {
    const { address, annex } = this;
    return { address, joined: annex !== undefined, peers: annex?.size ?? 0, problem: this.#problem?.message };
  }

  /** Resolves when it has answered. @throws MeshError (rejects) why it doesn't; `TIMEOUT` */
  first(timeout: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = (): void => {
        const why = this.#problem ? ` The last attempt: ${this.#problem.message}` : '';
        const text = `bridge.joinBroker(): the broker at ${show(this.address)} did not answer within ${timeout} ms.${why}`;
        this.#settle(new MeshError('TIMEOUT', text, { cause: this.#problem }));
      };
      const timer = Number.isFinite(timeout) ? startTimer(timeout, late) : undefined;
      this.#first = {
        resolve: () => (timer?.stop(), resolve()),
        reject: (error) => (timer?.stop(), reject(error)),
      };
    });
  }

  joined(annex: Annex): void {
    this.annex = annex;
    this.#problem = undefined;
    this.#settle();
  }

  /** An attempt has failed. */
  failed(problem: MeshError, final: boolean): void {
    this.#problem = problem;
    if (final) this.#settle(problem);
  }

  /** Its peers leave. It is tried again. */
  lost(): void {
    this.#leave('lost');
  }

  end(reason: LeaveReason): void {
    this.#leave(reason);
    this.#settle(
      new MeshError('CLOSED', `bridge.joinBroker(): left the broker at ${show(this.address)} before it had answered.`),
    );
  }

  #leave(reason: LeaveReason): void {
    this.annex?.end(reason);
    this.annex = undefined;
  }

  #settle(error?: MeshError): void {
    const first = this.#first;
    this.#first = undefined;
    if (error) first?.reject(error);
    else first?.resolve();
  }
}
