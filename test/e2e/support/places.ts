import type { BrowserWindow, BrowserWindowConstructorOptions } from 'electron';
import type { BridgeState } from '../../../src/main/index.js';
import type { BrokerOptions } from '../../../src/node/index.js';
import { NodeMesh, secrets } from '../../unit/support/node-mesh.js';
import { Child } from './child.js';
import { Frame } from './frame.js';
import type { Lab } from './lab.js';
import { NodeChild } from './node-child.js';
import type { Place } from './place.js';
import { Seat } from './seat.js';

/** The kinds of places that differ in what carries their messages. */
export const kinds = ['window', 'main', 'utility', 'worker', 'thread', 'main’s thread', 'Node child'] as const;

export type Kind = (typeof kinds)[number];

const PAGE = 'lab.html';

/** Makes places of all kinds. Those in a page are in the lab's, of an origin of its own: `app://<host>`. */
export class Places {
  readonly lab: Lab;
  /** Main's own seat, when it has joined. */
  readonly main: Seat;
  /** Of the broker that is started for Node children. */
  readonly #brokerOptions: Partial<BrokerOptions>;
  #pages = 0;
  #nodes: Promise<NodeMesh> | undefined;
  #nodeChildren: NodeChild[] = [];

  constructor(lab: Lab, brokerOptions: Partial<BrokerOptions> = {}) {
    this.lab = lab;
    this.#brokerOptions = brokerOptions;
    this.main = new Seat(lab);
  }

  url(host: string): string {
    return `app://${host}/${PAGE}?${++this.#pages}`;
  }

  async window(host: string, options: BrowserWindowConstructorOptions = {}): Promise<Frame> {
    const id = await this.lab.main(
      async (main, [url, given]) => ((await main.lab.open(url, given)) as BrowserWindow).webContents.id,
      [this.url(host), options] as const,
    );
    return new Frame(this.lab, id);
  }

  /** A window that has joined, under the host's name unless told otherwise. */
  async join(host: string, name = host, options: BrowserWindowConstructorOptions = {}): Promise<Frame> {
    const window = await this.window(host, options);
    await window.join(name);
    return window;
  }

  /** A WebContentsView in a window; before Electron 30, a BrowserView. */
  async view(window: Frame, host: string): Promise<Frame> {
    const id = await this.lab.main(
      async ({ lab }, [contents, url]) => {
        const owner = lab.BrowserWindow.fromWebContents(lab.webContents.fromId(contents)!)!;
        return (await lab.openView(owner, url)).id;
      },
      [window.contents, this.url(host)] as const,
    );
    return new Frame(this.lab, id);
  }

  /** A `<webview>` in a window made with `webviewTag`, as its `window.webview`. */
  async webview(window: Frame, host: string): Promise<Frame> {
    const id = await window.run(async (world, url) => {
      const view = document.createElement('webview') as HTMLElement & { src: string; getWebContentsId(): number };
      world['webview'] = view;
      const ready = new Promise((resolve) => view.addEventListener('dom-ready', resolve, { once: true }));
      view.src = url;
      document.body.append(view);
      await ready;
      return view.getWebContentsId();
    }, this.url(host));
    return new Frame(this.lab, id);
  }

  /** What a page opens with `window.open`, as its `window.popup`: of one origin, the two share a process. */
  async popup(window: Frame, host: string): Promise<Frame> {
    await window.contentsDo((contents, main) => {
      contents.setWindowOpenHandler(() => ({ action: 'allow' }));
      const made = new Promise<number>((resolve) =>
        contents.once('did-create-window', ({ webContents }) =>
          webContents.once('did-finish-load', () => resolve(webContents.id)),
        ),
      );
      Object.assign(main, { made });
    });
    await window.run(
      (world, url) => void (world['popup'] = open(url, '_blank', 'width=300,height=200')),
      this.url(host),
    );
    return new Frame(this.lab, await this.lab.main((main) => (main as never as { made: Promise<number> }).made));
  }

  /** A utility process; not attached yet. */
  utility(): Promise<Child> {
    return Child.start(this.lab, 'utility');
  }

  /** A worker_threads worker of main; not attached yet. */
  thread(): Promise<Child> {
    return Child.start(this.lab, 'thread');
  }

  /** A Node child process; the first one has a broker started for it, which the bridge joins. */
  async node(): Promise<NodeChild> {
    const child = await NodeChild.start((await this.nodes()).address);
    this.#nodeChildren.push(child);
    return child;
  }

  /** The broker of the Node children. */
  async nodes(): Promise<NodeMesh> {
    return (this.#nodes ??= this.#joinBroker());
  }

  async #joinBroker(): Promise<NodeMesh> {
    const nodes = new NodeMesh();
    await nodes.broker(this.#brokerOptions);
    await this.lab.main(({ bridge }, address) => bridge.joinBroker(address).then(() => {}), {
      ...nodes.address,
      token: secrets.bridge,
    });
    return nodes;
  }

  /** A place of that kind, which has joined, with what has to be around it. */
  async make(kind: Kind, name: string = kind): Promise<Place> {
    const place = await this.#letIn(kind, name);
    await place.join(name);
    return place;
  }

  async #letIn(kind: Kind, name: string): Promise<Place> {
    switch (kind) {
      case 'window':
        return this.window('a');
      case 'main':
        return new Seat(this.lab);
      case 'utility':
      case 'main’s thread': {
        const child = await (kind === 'utility' ? this.utility() : this.thread());
        await child.attach();
        return child;
      }
      case 'worker': {
        const owner = await this.join('a', `owner of ${name}`);
        const worker = await owner.worker(name);
        await owner.share(worker);
        return worker;
      }
      case 'thread': {
        const host = (await this.make('utility', `host of ${name}`)) as Child;
        const thread = await host.thread();
        await host.share(thread);
        return thread;
      }
      case 'Node child':
        return this.node();
    }
  }

  /** Ends everything; what the bridge still holds then. */
  async stop(): Promise<BridgeState> {
    await Child.endAll(this.lab);
    await Seat.forgetAll(this.lab);
    for (const child of this.#nodeChildren.splice(0)) await child.stop();
    const left = await this.lab.stop();
    await (await this.#nodes)?.close();
    this.#nodes = undefined;
    return left;
  }
}
