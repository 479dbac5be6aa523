import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const layer = JSON.stringify(new URL('../../../dist/node/index.js', import.meta.url).href);

/** A real worker that joins by the build, and answers `echo`, `ask` (which asks `to` on `channel`), and `close`. */
export class MeshWorker {
  readonly worker: Worker;
  /** What it says by its platform's own way: `['joined', name]` or `['failed', code, message]`. */
  readonly said: unknown[] = [];
  readonly exited: Promise<number>;

  constructor(options: { readonly name?: string; readonly timeout?: number } = {}) {
    this.worker = new Worker(
      `const { parentPort } = require('node:worker_threads');
      (async () => {
        const { connect } = await import(${layer});
        const bus = await connect({ via: parentPort, ...${JSON.stringify(options)} });
        bus.onError((error) => parentPort.postMessage(['error', error.message]));
        bus.handle('echo', (_, ...args) => args);
        bus.handle('shared', () => new SharedArrayBuffer(1));
        bus.handle('ask', (_, to, channel, ...args) => bus.to(to).with({ wait: 2000 }).request(channel, ...args));
        bus.handle('close', () => void setImmediate(() => bus.close()));
        parentPort.postMessage(['joined', bus.self.name]);
      })().catch(({ code, message }) => parentPort.postMessage(['failed', code, message]));`,
      { eval: true },
    );
    this.exited = once(this.worker, 'exit').then(([code]) => code as number);
    this.worker.on('message', (message: unknown[]) => {
      if (['joined', 'failed', 'error'].includes(message[0] as string)) this.said.push(message);
    });
  }

  /** What it says first. */
  async outcome(): Promise<unknown> {
    while (this.said.length === 0) await once(this.worker, 'message');
    return this.said[0];
  }
}
