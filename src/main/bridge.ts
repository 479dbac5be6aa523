import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type {
  App,
  IpcMain,
  IpcMainEvent,
  MessageChannelMain,
  MessagePortMain,
  Session,
  WebContents,
  WebFrameMain,
} from 'electron';
import { Hub, refuse, type HubOwner } from '../core/broker/hub.js';
import { defaultLimits } from '../core/directory/limits.js';
import { HELLO, JOIN, READY } from '../core/broker/joining.js';
import type { Bus } from '../core/bus/bus.js';
import type { AnyChannels, ChannelMap } from '../core/bus/channels.js';
import { join } from '../core/bus/join.js';
import type { Platform } from '../core/bus/mesh.js';
import type { Grant } from '../core/directory/grant.js';
import type { Peer } from '../core/directory/peer.js';
import { invalid, MeshError, type MeshErrorCode } from '../core/errors/mesh-error.js';
import { ElectronPort, electronPortCarries } from '../core/port/electron-port.js';
import type { Port } from '../core/port/port.js';
import { createMemoryChannel } from '../core/port/memory-port.js';
import { isName, WIRE_VERSION } from '../core/wire/frames.js';
import type { Candidate } from './candidate.js';
import { CloneChecker } from './clone-check.js';
import { Departures } from './departures.js';
import { readCandidate } from './frames.js';
import { Names, TRUSTED } from './names.js';
import { judge, type PolicyOptions } from './policy.js';
import { Installations } from './installations.js';
import { Registry, type DocumentRecord, type RegistrySnapshot } from './registry.js';
import { checkOptions, type BridgeOptions } from './options.js';
import type { BridgeEvents, BridgeState } from './state.js';
import { Watcher } from './watcher.js';

/** What the bridge uses of Electron: given to it, so that its logic can be tested without one. */
export interface ElectronLike {
  readonly app: Pick<App, 'getAppPath' | 'getPath'>;
  readonly ipcMain: Pick<IpcMain, 'on' | 'off' | 'listenerCount'>;
  readonly MessageChannelMain: typeof MessageChannelMain;
}

/** Seats of one document. Protects the directory, which everybody has, from one page's loop. */
const MAX_SEATS = 1000;

/**
 * The broker in Electron's main process: lets peers in, keeps the directory and the registry, and introduces peers to each
 * other. It carries no message between them. Made by `createBridge()`; one per application.
 */
export class Bridge extends EventEmitter<BridgeEvents> {
  readonly #electron: ElectronLike;
  readonly #policy: PolicyOptions;
  readonly #names = new Names();
  readonly #registry = new Registry();
  readonly #hub: Hub;
  readonly #departures = new Departures((peer, reason) => this.#hub.remove(peer, reason));
  readonly #watcher: Watcher;
  readonly #clones: CloneChecker;
  readonly #installations: Installations;
  readonly #prefix = randomBytes(6).toString('base64url');
  #lastId = 0;
  #refused = 0;
  #malformed = 0;
  #closed = false;

  /** @internal */
  constructor(electron: ElectronLike, options: BridgeOptions, preload: () => string) {
    super();
    this.#electron = electron;
    const { origins, authorize, redactErrors, preload: given } = checkOptions(options);
    if (electron.ipcMain.listenerCount(JOIN) > 0) {
      throw invalid('createBridge()', 'this process has a bridge already. Use that one, or close() it before.');
    }
    this.#policy = { origins, authorize, appPath: electron.app.getAppPath() };
    this.#installations = new Installations(given === undefined ? preload : () => given);
    this.#clones = new CloneChecker(electron.MessageChannelMain);
    this.#hub = new Hub(this.#hubOwner(redactErrors));
    this.#watcher = new Watcher(this.#registry, {
      gone: (document, reason) => {
        document.reason = reason;
        for (const peer of [...document.peers.keys()]) this.#departures.told(peer, reason);
      },
      dead: (document, reason) => {
        for (const peer of [...document.peers.keys()]) this.#departures.dead(peer, reason);
      },
    });
    electron.ipcMain.on(HELLO, this.#onHello);
    electron.ipcMain.on(JOIN, this.#onJoin);
  }

  /** The preload's path, for `webPreferences.preload`. `install()` registers it for a whole session instead. */
  get preload(): string {
    return this.#installations.preload;
  }

  /** Who lives in which renderer process and frame. */
  get registry(): {
    /** As it is now. */
    snapshot(): RegistrySnapshot;
  } {
    return this.#registry;
  }

  /** The peers in the mesh. */
  get peers(): Peer[] {
    return this.#hub.peers();
  }

  /**
   * Registers the preload for all windows of a session that are made from now on. Frames in them need
   * `webPreferences.nodeIntegrationInSubFrames`.
   * @throws MeshError `INVALID_ARGUMENT` if it is no session, `CLOSED`
   * @example
   * bridge.install(session.defaultSession);
   */
  install(session: Session): void {
    this.#check('install(session)');
    this.#installations.add(session);
  }

  /**
   * A seat for main itself. Several are fine.
   *
   * @param options.name what others reach it by. It becomes reserved: no page can take it. @default 'main'
   * @throws MeshError `INVALID_ARGUMENT` for a name that is none, `NOT_AUTHORIZED` for one that a page's origin holds, `CLOSED`
   */
  async connect<C extends ChannelMap<C> = AnyChannels>(options: { readonly name?: string } = {}): Promise<Bus<C>> {
    const { name = 'main', ...others } = options;
    for (const key of Object.keys(others)) throw invalid(`bridge.connect({ ${key} })`, 'the only option is name.');
    const call = `bridge.connect({ name: '${name}' })`;
    this.#check(call);
    if (!isName(name)) throw invalid(call, 'a name is a text of 1 to 256 characters.');
    const problem = this.#names.take(name, TRUSTED);
    if (problem) throw new MeshError('NOT_AUTHORIZED', `${call}: ${problem}`);
    const { ports } = createMemoryChannel({ carries: electronPortCarries });
    const process_ = { type: 'main', id: `m${process.pid}`, pid: process.pid } as const;
    const bus = join<C>(ports[0], this.#platform, { call, timeout: Infinity });
    this.#admit({ id: this.#nextId(), name, type: 'main', origin: TRUSTED, process: process_ }, ports[1]);
    return bus;
  }

  /**
   * Ends a peer's seat, and with it all its links. Its `closed`, and everybody's `leave`, say `evicted`.
   *
   * @param peer the peer, or its id
   * @param detail what the peer itself is told, in words
   * @returns false if there is no such peer
   */
  evict(peer: Peer | { readonly id: string } | string, detail = ''): boolean {
    this.#check('evict(peer)');
    const id = typeof peer === 'string' ? peer : peer?.id;
    if (typeof id !== 'string') throw invalid('evict(peer)', 'give a Peer, or its id.');
    return this.#hub.remove(id, 'evicted', String(detail));
  }

  /** Counters and tables, as plain data. */
  state(): BridgeState {
    const { links, channels } = this.#hub.state();
    return {
      peers: this.#hub.peers(),
      links,
      channels,
      refused: this.#refused,
      malformed: this.#malformed,
      watched: this.#watcher.size,
      documents: this.#registry.size,
      departing: this.#departures.size,
    };
  }

  /** Ends every seat (`bridge-gone`), and takes the preload back. Idempotent; never rejects. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#electron.ipcMain.off(HELLO, this.#onHello);
    this.#electron.ipcMain.off(JOIN, this.#onJoin);
    this.#hub.close();
    this.#departures.close();
    this.#watcher.close();
    this.#installations.close();
  }

  // ---- joining

  readonly #onHello = (event: IpcMainEvent): void => {
    try {
      event.reply(READY);
    } catch {
      // the frame is gone already
    }
  };

  readonly #onJoin = (event: IpcMainEvent, message: unknown): void => {
    // The frame is read at once: a moment later it may be null, or another document's.
    const frame = event.senderFrame;
    // A plain `send` has no ports at all.
    const [raw, ...more] = (event.ports as MessagePortMain[] | undefined) ?? [];
    for (const port of more) port.close();
    if (!raw) return this.#onMalformed('a join without a port', undefined);
    const port = new ElectronPort(raw, this.#clones.check);
    const [nonce, name, version] = Array.isArray(message) ? (message as unknown[]) : [];
    if (
      typeof nonce !== 'string' ||
      nonce.length < 16 ||
      nonce.length > 64 ||
      !(name === undefined || isName(name)) ||
      typeof version !== 'number'
    ) {
      refuse(port, 'PROTOCOL', 'the join is malformed. Use the preload and connect() of one version of portmesh.');
      return this.#onMalformed('a join that makes no sense', undefined);
    }
    if (version !== WIRE_VERSION) {
      return this.#refuse(
        port,
        undefined,
        'VERSION_MISMATCH',
        `the page speaks version ${version} of the wire, the bridge ${WIRE_VERSION}.`,
      );
    }
    const candidate = frame && readCandidate(frame, event.sender, name);
    if (!candidate) return this.#refuse(port, undefined, 'NOT_AUTHORIZED', 'the frame is gone already.');
    this.#judge(candidate, nonce, frame, event.sender, port, name !== undefined).catch((cause: unknown) =>
      this.#refuse(port, candidate, 'NOT_AUTHORIZED', 'the bridge failed while it looked at the frame.', cause),
    );
  };

  async #judge(
    candidate: Candidate,
    nonce: string,
    frame: WebFrameMain,
    contents: WebContents,
    port: ElectronPort,
    named: boolean,
  ): Promise<void> {
    const tree = frame.frameTreeNodeId;
    const verdict = await judge(candidate, this.#policy);
    if (this.#closed) return refuse(port, 'BRIDGE_GONE', 'the bridge was closed.');
    if ('refusal' in verdict) return this.#refuse(port, candidate, 'NOT_AUTHORIZED', verdict.refusal, verdict.cause);
    const document = this.#document(candidate, nonce, tree);
    if (!document) {
      return this.#refuse(
        port,
        candidate,
        'NOT_AUTHORIZED',
        'the document that asks is not the one that its preload names.',
      );
    }
    if (document.peers.size >= MAX_SEATS) {
      return this.#refuse(
        port,
        candidate,
        'LIMIT',
        `this document has ${MAX_SEATS} seats already. close() those no longer used.`,
      );
    }
    // Last: a name is held by those only who get in.
    const problem = named && this.#names.take(candidate.name, candidate.origin, verdict.grant.names);
    if (problem) return this.#refuse(port, candidate, 'NOT_AUTHORIZED', problem);
    const { name, type, origin, url, process, frame: peerFrame } = candidate;
    const peer = { id: this.#nextId(), name, type, origin, process, frame: { ...peerFrame, url } };
    if (!contents.isDestroyed()) this.#watcher.watch(contents);
    this.#registry.add(document, peer);
    this.#admit(peer, port, verdict.grant);
  }

  /** The record of the document that joins; `undefined` if its nonce is that of another frame's document. */
  #document({ origin, url, process, frame }: Candidate, nonce: string, tree: number): DocumentRecord | undefined {
    const known = this.#registry.document(nonce);
    if (known) return known.process === process.id && known.frame === tree ? known : undefined;
    return {
      nonce,
      process: process.id,
      pid: process.pid,
      webContents: frame.webContents,
      frame: tree,
      routing: frame.routing,
      top: frame.top,
      origin,
      url,
      peers: new Map(),
      reason: undefined,
    };
  }

  #admit(peer: Peer, port: Port, grant?: Grant): void {
    this.#hub.admit(peer, port, grant);
    this.#tell('join', peer);
  }

  #refuse(
    port: ElectronPort,
    candidate: Candidate | undefined,
    code: MeshErrorCode,
    message: string,
    cause?: unknown,
  ): void {
    this.#refused++;
    refuse(port, code, message);
    this.#tell('refused', new MeshError(code, message, cause === undefined ? undefined : { cause }), candidate);
  }

  #onMalformed(problem: string, peer: Peer | undefined): void {
    this.#malformed++;
    this.#tell('malformed', problem, peer);
  }

  /** A listener that throws is its owner's bug, to be seen as such; it doesn't stop what the bridge was doing. */
  #tell<K extends keyof BridgeEvents>(name: K, ...args: BridgeEvents[K]): void {
    try {
      (this as EventEmitter).emit(name, ...args);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }

  #nextId(): string {
    return `${this.#prefix}.${++this.#lastId}`;
  }

  #check(call: string): void {
    if (this.#closed) throw new MeshError('CLOSED', `${call}: the bridge was closed.`);
  }

  // ---- what it is to the hub, and to main's own peers

  readonly #hubOwner = (redact: boolean): HubOwner => ({
    redact,
    limits: defaultLimits,
    channel: () => this.#channel(),
    show: (peer, viewer) => {
      if (!peer.frame || viewer.type === 'main' || (viewer.origin === peer.origin && peer.origin !== 'null'))
        return peer;
      const { webContents, routing, top } = peer.frame;
      return { ...peer, frame: { webContents, routing, top } };
    },
    closed: (peer) => {
      const fallback = peer.frame?.top === false ? 'frame-removed' : 'lost';
      this.#departures.closed(peer.id, this.#registry.documentOf(peer.id)?.reason, fallback);
    },
    left: (peer, reason) => {
      this.#departures.forget(peer.id);
      this.#registry.remove(peer.id);
      this.#tell('leave', peer, reason);
    },
    malformed: (peer, problem) => this.#onMalformed(problem, peer),
  });

  #channel(): readonly [object, object] {
    const { port1, port2 } = new this.#electron.MessageChannelMain();
    return [port1, port2];
  }

  readonly #platform: Platform = {
    channel: () => this.#channel(),
    adopt: (port) => new ElectronPort(port as MessagePortMain, this.#clones.check),
  };
}
