import { EventEmitter } from 'node:events';
import { ANSWER, readAsk, type Ask } from '../../../src/core/broker/asking.js';
import { Hub } from '../../../src/core/broker/hub.js';
import type { Bus } from '../../../src/core/bus/bus.js';
import { join } from '../../../src/core/bus/join.js';
import { defaultLimits } from '../../../src/core/directory/limits.js';
import type { PeerType } from '../../../src/core/directory/peer.js';
import { ElectronPort } from '../../../src/core/port/electron-port.js';
import type { UtilityParentPort } from '../../../src/node/index.js';
import { peer } from '../../contract/link-side.js';
import { FakeChannelMain, type FakePortMain } from './fake-electron.js';

/** A utility process's `process.parentPort`, and the main process behind it: it lets everybody in who asks, while `attached`. */
export class FakeParentPort extends EventEmitter implements UtilityParentPort {
  attached = true;
  /** What was asked, repetitions included. */
  readonly asks: Ask[] = [];
  readonly others: unknown[] = [];
  readonly malformed: string[] = [];
  readonly left: string[] = [];
  readonly hub: Hub;
  readonly #answered = new Set<string>();
  #lastId = 0;

  constructor() {
    super();
    this.hub = new Hub({
      redact: false,
      limits: defaultLimits,
      channel: () => this.#channel(),
      show: (shown) => shown,
      closed: ({ id }) => void this.hub.remove(id, 'lost'),
      left: ({ name }, reason) => this.left.push(`${name}: ${reason}`),
      malformed: (_, problem) => this.malformed.push(problem),
    });
  }

  /** A peer in main. */
  connect(name: string): Promise<Bus> {
    const [near, far] = this.#channel();
    const adopt = (raw: unknown): ElectronPort => new ElectronPort(raw as FakePortMain);
    const joining = join(adopt(near), { channel: () => this.#channel(), adopt }, { call: 'connect()', timeout: 5000 });
    this.#admit(name, 'main', far);
    return joining;
  }

  postMessage(message: unknown): void {
    const ask = readAsk(structuredClone(message));
    if (!ask) return void this.others.push(message);
    this.asks.push(ask);
    if (!this.attached || this.#answered.has(ask.nonce)) return;
    this.#answered.add(ask.nonce);
    const [near, far] = this.#channel();
    this.#admit(ask.name ?? 'utility', ask.vouch ? 'worker' : 'utility', near);
    setImmediate(() => this.emit('message', { data: [ANSWER, ask.nonce], ports: [far] }));
  }

  #admit(name: string, type: PeerType, port: FakePortMain): void {
    const process = { type: type === 'main' ? 'main' : 'utility', id: 'u', pid: 1 } as const;
    this.hub.admit(peer(name, { id: `p${++this.#lastId}`, type, origin: '', process }), new ElectronPort(port));
  }

  #channel(): readonly [FakePortMain, FakePortMain] {
    const { port1, port2 } = new FakeChannelMain();
    return [port1, port2];
  }
}
