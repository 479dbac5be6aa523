import { ipcMain, MessageChannelMain, utilityProcess, type UtilityProcess, type WebContents } from 'electron';
import { join } from 'node:path';
import { limited } from '../contest/limited.js';
import type { Message } from '../page/payload.js';
import type { UtilityApi } from '../utility/utility.js';
import { FRESH_PORT, INTRODUCE, INTRODUCED, INTRODUCE_UTILITY, INVOKE_UTILITY, PORT_MESSAGE } from './channels.js';

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** The bench's utility process, seen from main. */
export class Utility {
  readonly child: UtilityProcess;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor() {
    this.child = utilityProcess.fork(join(__dirname, 'utility.cjs'));
    this.child.on('message', (data: unknown) => {
      if (!Array.isArray(data)) return;
      const [kind, id, value] = data as [unknown, number, unknown];
      const waiting = this.#waiting.get(id);
      if (!waiting || (kind !== 'answer' && kind !== 'failure')) return;
      this.#waiting.delete(id);
      if (kind === 'answer') waiting.resolve(value);
      else waiting.reject(new Error(String(value)));
    });
    this.child.on('exit', (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the utility process ended with code ${code}`));
      this.#waiting.clear();
    });
  }

  call<K extends keyof UtilityApi>(
    name: K,
    ...args: Parameters<UtilityApi[K]>
  ): Promise<Awaited<ReturnType<UtilityApi[K]>>> {
    const done = new Promise<Awaited<ReturnType<UtilityApi[K]>>>((resolve, reject) => {
      const id = ++this.#lastId;
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      this.child.postMessage(['call', id, name, args]);
    });
    return limited(done, `${name}() of the utility process`);
  }

  /** A channel to a page, under that label there; here it is echoed on. */
  handOver(label: string, contents: WebContents): void {
    const { port1, port2 } = new MessageChannelMain();
    contents.postMessage(PORT_MESSAGE, label, [port1]);
    this.child.postMessage([PORT_MESSAGE], [port2]);
  }

  /** Main in the middle, and channels that are passed on or made here, to and from the server's page. */
  serve(server: WebContents): void {
    ipcMain.handle(INVOKE_UTILITY, (_event, message: Message) => this.call('echo', message));
    ipcMain.on(INTRODUCE_UTILITY, ({ ports }) => this.child.postMessage([PORT_MESSAGE], ports));
    this.child.on('message', (data: unknown) => {
      if (!Array.isArray(data) || data[0] !== INTRODUCE) return;
      const { port1, port2 } = new MessageChannelMain();
      server.postMessage(INTRODUCED, null, [port1]);
      this.child.postMessage([FRESH_PORT], [port2]);
    });
  }
}
