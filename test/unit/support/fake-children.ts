import { EventEmitter } from 'node:events';
import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import type { UtilityProcess } from 'electron';
import { writeAsk, type Vouch } from '../../../src/core/broker/asking.js';
import type { Bus } from '../../../src/core/bus/bus.js';
import { WIRE_VERSION } from '../../../src/core/wire/frames.js';
import { connect } from '../../../src/node/connect.js';
import type { FakePortMain } from './fake-electron.js';

/** What a child was answered with, and when: the next message with ports. */
interface Answer {
  readonly data: unknown;
  readonly ports: readonly FakePortMain[];
}

/** A utility process, with its own side of it: `parentPort`. */
export class FakeUtility extends EventEmitter {
  pid: number | undefined;
  readonly parentPort = Object.assign(new EventEmitter(), { postMessage: (data: unknown) => this.say(data) });
  readonly answers: Answer[] = [];

  constructor(pid: number | undefined = 700) {
    super();
    this.pid = pid;
  }

  postMessage(data: unknown, ports: FakePortMain[] = []): void {
    this.answers.push({ data, ports });
    this.parentPort.emit('message', { data, ports });
  }

  kill(): boolean {
    return true;
  }

  /** Says something to main. */
  say(data: unknown): void {
    this.emit('message', data);
  }

  /** Asks by hand; returns the answer. */
  ask(name?: string, { version = WIRE_VERSION, vouch }: { version?: number; vouch?: Vouch } = {}): Answer | undefined {
    const before = this.answers.length;
    this.say(writeAsk(`0123456789abcdef-${Math.random()}`, name, version, vouch));
    return this.answers[before];
  }

  join(name?: string): Promise<Bus> {
    return connect({ via: this.parentPort as never, ...(name !== undefined && { name }), timeout: 5000 });
  }

  /** Ends, as Electron tells of it. `gone`: what `child-process-gone` says right behind. */
  exit(app: EventEmitter, code: number, gone?: { reason: string; exitCode: number }): void {
    this.emit('exit', code);
    if (gone) app.emit('child-process-gone', {}, { type: 'Utility', serviceName: 'node.mojom.NodeService', ...gone });
  }

  get real(): UtilityProcess {
    return this as unknown as UtilityProcess;
  }
}

/** A worker of `node:worker_threads`, without a thread of its own. */
export class FakeWorker extends EventEmitter {
  threadId = 1;
  /** The worker's side. */
  readonly parentPort: MessagePort;
  readonly #port: MessagePort;

  constructor() {
    super();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.parentPort = port2;
    port1.on('message', (data) => this.emit('message', data));
    port1.unref();
    port2.unref();
  }

  postMessage(data: unknown, transfer: MessagePort[] = []): void {
    this.#port.postMessage(data, transfer);
  }

  terminate(): void {}

  join(name?: string): Promise<Bus> {
    return connect({ via: this.parentPort, ...(name !== undefined && { name }), timeout: 5000 });
  }

  close(): void {
    this.#port.close();
  }

  get real(): Worker {
    return this as unknown as Worker;
  }
}
