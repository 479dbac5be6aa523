import { EventEmitter, once } from 'node:events';
import type { IpcMainEvent, MessageChannelMain, Session, WebContents, WebFrameMain } from 'electron';
import type { Vouch } from '../../../src/core/broker/asking.js';
import { JOIN } from '../../../src/core/broker/joining.js';
import { join } from '../../../src/core/bus/join.js';
import type { Bus } from '../../../src/core/bus/bus.js';
import { electronEnd, MessagePortPort, type MessagePortLike } from '../../../src/core/port/message-port.js';
import type { Peer } from '../../../src/core/directory/peer.js';
import type { ElectronLike } from '../../../src/main/bridge.js';
import { WIRE_VERSION } from '../../../src/core/wire/frames.js';

/** A `MessagePortMain` over a port of Node: ports beside the message only, its own close reported too. */
export class FakePortMain extends EventEmitter {
  readonly #port: MessagePort;
  #started = false;
  #closed = false;

  constructor(port: MessagePort) {
    super();
    this.#port = port;
    port.addEventListener('close', () => {
      this.#closed = true;
      if (this.#started) this.emit('close');
    });
  }

  /** The port itself, to be passed on. */
  detach(): MessagePort {
    return this.#port;
  }

  postMessage(message: unknown, transfer: FakePortMain[] = []): void {
    this.#port.postMessage(
      message,
      transfer.map((port) => port.detach()),
    );
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#port.addEventListener('message', ({ data, ports }) =>
      this.emit('message', { data, ports: ports.map((port) => new FakePortMain(port)) }),
    );
    this.#port.start();
    // The far end was gone before anybody listened.
    if (this.#closed) setImmediate(() => this.emit('close'));
  }

  close(): void {
    this.#port.close();
  }
}

/** A `MessagePortMain` at whose other end nobody is. */
export class DeafPort extends EventEmitter {
  postMessage(): void {}
  start(): void {}
  close(): void {}
}

export class FakeChannelMain {
  readonly port1: FakePortMain;
  readonly port2: FakePortMain;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.port1 = new FakePortMain(port1);
    this.port2 = new FakePortMain(port2);
  }
}

export class FakeContents extends EventEmitter {
  readonly id: number;
  readonly type: string;
  /** That of the first page that joins, unless it is given. */
  mainFrame: FakeFrame | undefined;
  destroyed = false;

  constructor(id: number, type = 'window') {
    super();
    this.id = id;
    this.type = type;
  }

  getType(): string {
    return this.type;
  }

  isDestroyed(): boolean {
    return this.destroyed;
  }

  /** Whether a page is on its way. */
  loading = false;

  isLoadingMainFrame(): boolean {
    return this.loading;
  }

  navigate(url: string, { top = true, pid = 5, rid = 6 } = {}): void {
    this.emit('did-frame-navigate', {}, url, 200, 'OK', top, pid, rid);
  }

  fail(url: string, { top = true, pid = 5, rid = 6 } = {}): void {
    this.emit('did-fail-load', {}, -102, 'ERR_CONNECTION_REFUSED', url, top, pid, rid);
  }

  navigateInPage(url: string, { top = true, pid = 5, rid = 6 } = {}): void {
    this.emit('did-navigate-in-page', {}, url, top, pid, rid);
  }

  crash(reason = 'crashed'): void {
    this.emit('render-process-gone', {}, { reason, exitCode: 1 });
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('destroyed');
  }

  /** As the library takes it. */
  get real(): WebContents {
    return this as unknown as WebContents;
  }
}

export interface FakeFrame {
  processId: number;
  osProcessId: number;
  routingId: number;
  frameTreeNodeId: number;
  url: string;
  origin: string;
  parent: FakeFrame | null;
  top: FakeFrame | null;
  /** Right below it; a frame that is made with a parent joins them. */
  readonly frames: FakeFrame[];
  readonly framesInSubtree: FakeFrame[];
}

export function makeFrame(origin: string, more: Partial<FakeFrame> = {}): FakeFrame {
  const frame: FakeFrame = {
    frames: [],
    get framesInSubtree() {
      return [frame, ...frame.frames.flatMap((each) => (disposed.has(each) ? [each] : each.framesInSubtree))];
    },
    processId: 5,
    osProcessId: 500,
    routingId: 6,
    frameTreeNodeId: 7,
    url: `${origin}/index.html`,
    origin,
    parent: null,
    top: null,
    ...more,
  };
  frame.top ??= frame.parent ?? frame;
  frame.parent?.frames.push(frame);
  return frame;
}

const disposed = new WeakSet<FakeFrame>();
const members = [
  ...(['processId', 'osProcessId', 'routingId', 'url', 'origin', 'parent', 'top', 'frames'] as const),
  'framesInSubtree',
] as const;

/** As the frames of a process that has died, and a frame that was removed: nothing can be read of it any more. */
export function dispose(frame: FakeFrame): void {
  disposed.add(frame);
  for (const member of members) {
    Object.defineProperty(frame, member, {
      get() {
        throw new Error('Render frame was disposed before WebFrameMain could be accessed');
      },
    });
  }
}

/** An iframe that its page removes. */
export function removeFrame(frame: FakeFrame): void {
  const siblings = frame.parent?.frames ?? [];
  siblings.splice(siblings.indexOf(frame), 1);
  dispose(frame);
}

export class FakeSession {
  readonly scripts: { type: string; filePath: string }[] = [];
  preloads: string[] = ['/app/own.js'];

  /** As in Electron 35 and later. */
  static modern(): FakeSession {
    const session = new FakeSession();
    let last = 0;
    const byId = new Map<string, { type: string; filePath: string }>();
    return Object.assign(session, {
      registerPreloadScript(script: { type: string; filePath: string }): string {
        session.scripts.push(script);
        byId.set(`s${++last}`, script);
        return `s${last}`;
      },
      unregisterPreloadScript(id: string): void {
        const script = byId.get(id);
        if (!script) throw new Error(`Cannot unregister preload script with non-existing ID: ${id}`);
        byId.delete(id);
        session.scripts.splice(session.scripts.indexOf(script), 1);
      },
      getPreloadScripts: () => [...byId].map(([id, script]) => ({ id, ...script })),
      setPreloads(preloads: string[]): void {
        byId.clear();
        session.scripts.splice(0);
        session.preloads = preloads;
      },
    });
  }

  getPreloads(): string[] {
    return [...this.preloads];
  }

  setPreloads(preloads: string[]): void {
    this.preloads = preloads;
  }

  get real(): Session {
    return this as unknown as Session;
  }
}

/** What the bridge uses of Electron, and windows whose pages join through it. */
export class FakeElectron {
  readonly ipcMain = new EventEmitter();
  readonly app = Object.assign(new EventEmitter(), {
    getAppPath: () => '/app',
    getPath: () => '/data',
    whenReady: () => Promise.resolve(),
  });
  readonly #ports: MessagePort[] = [];
  #lastNonce = 0;

  get like(): ElectronLike {
    return {
      app: this.app as never,
      ipcMain: this.ipcMain as never,
      MessageChannelMain: FakeChannelMain as unknown as typeof MessageChannelMain,
      fork: () => {
        throw new Error('no process can be started here');
      },
    };
  }

  /** What reaches main when a preload posts a join. */
  postJoin(
    message: unknown,
    frame: FakeFrame | null,
    contents: FakeContents,
    ports: readonly (MessagePort | DeafPort)[],
  ): void {
    contents.mainFrame ??= frame?.top ?? undefined;
    const event = {
      senderFrame: frame as unknown as WebFrameMain,
      sender: contents.real,
      ports: ports.map((port) => (port instanceof DeafPort ? port : new FakePortMain(port))),
      reply() {},
    };
    this.ipcMain.emit(JOIN, event as unknown as IpcMainEvent, message);
  }

  newNonce(): string {
    return `0123456789abcdef-${++this.#lastNonce}`;
  }

  /** A page that joins, as connect() and the preload do it; with `vouch` what it shares, as share() does it. `far`: the bridge's end. */
  page(
    frame: FakeFrame,
    contents: FakeContents,
    {
      name,
      nonce = this.newNonce(),
      timeout = 5000,
      vouch,
    }: { name?: string; nonce?: string; timeout?: number; vouch?: Vouch } = {},
  ): { joining: Promise<Bus>; nonce: string; port: MessagePort; far: MessagePort } {
    const { port1, port2 } = new MessageChannel();
    this.#ports.push(port1);
    this.postJoin([nonce, name, WIRE_VERSION, vouch], frame, contents, [port2]);
    const adopt = (port: unknown): MessagePortPort => {
      this.#ports.push(port as MessagePort);
      return new MessagePortPort(port as MessagePortLike, electronEnd);
    };
    const platform = {
      channel: (): [object, object] => {
        const channel = new MessageChannel();
        return [channel.port1, channel.port2];
      },
      adopt,
    };
    const joining = join(adopt(port1), platform, { call: 'connect()', timeout });
    joining.catch(() => {}); // looked at later
    return { joining, nonce, port: port1, far: port2 };
  }

  /** Ends what keeps Node alive. */
  close(): void {
    for (const port of this.#ports) port.close();
  }
}

/** The next event of an emitter, with its arguments. */
export async function next(emitter: EventEmitter<never>, name: string): Promise<unknown[]> {
  return (await once(emitter as EventEmitter, name)) as unknown[];
}

export type { Peer };
