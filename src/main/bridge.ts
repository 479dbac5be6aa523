import { EventEmitter } from 'node:events';
import type { App, IpcMain, MessageChannelMain, MessagePortMain, Session, UtilityProcess } from 'electron';
import type { Worker } from 'node:worker_threads';
import { Hub, type HubOwner } from '../core/broker/hub.js';
import { JOIN } from '../core/broker/joining.js';
import type { Bus } from '../core/bus/bus.js';
import type { Registration } from '../core/registration.js';
import type { AnyChannels, ChannelMap } from '../core/bus/channels.js';
import type { Platform } from '../core/bus/platform.js';
import type { Limits } from '../core/directory/limits.js';
import { isOriginShown, type Peer } from '../core/directory/peer.js';
import { invalid, MeshError } from '../core/errors/mesh-error.js';
import { ElectronPort } from '../core/port/electron-port.js';
import { electronPorts } from '../core/port/kinds.js';
import { Attachments, type AttachOptions } from './attachments.js';
import { Brokers } from './brokers/brokers.js';
import { gatewayInMain, gatewayInUtility, type GatewayProcess } from './brokers/gateway-host.js';
import { checkJoin, type BrokerAddress, type JoinBrokerOptions } from './brokers/options.js';
import { RemotePolicy } from './brokers/remote-policy.js';
import { CloneChecker } from './clone-check.js';
import { Departures } from './departures.js';
import { Exits } from './exits.js';
import { Installations } from './installations.js';
import { Leaving } from './leaving.js';
import { checkOptions, type BridgeOptions } from './options.js';
import { checkOwnSeat, mainProcess, takeOwnSeat, type OwnSeatOptions } from './own-seat.js';
import { PageJoins } from './page-joins.js';
import { Reception, type Tell } from './reception.js';
import { Registry, type RegistrySnapshot } from './registry.js';
import type { BridgeEvents, BridgeState } from './state.js';

/** What the bridge uses of Electron: given to it, so that its logic can be tested without one. */
export interface ElectronLike {
  readonly app: Pick<App, 'getAppPath' | 'getPath' | 'on' | 'off' | 'whenReady'>;
  readonly ipcMain: Pick<IpcMain, 'on' | 'off' | 'listenerCount'>;
  readonly MessageChannelMain: typeof MessageChannelMain;
  /** Starts a gateway's process. */
  fork(): GatewayProcess;
}

/**
 * The broker in Electron's main process: lets peers in, keeps the directory and the registry, and introduces peers to each
 * other. It carries no message between them. Made by `createBridge()`; one per application.
 */
export class Bridge extends EventEmitter<BridgeEvents> {
  readonly #electron: ElectronLike;
  readonly #registry = new Registry();
  readonly #hub: Hub;
  readonly #reception: Reception;
  readonly #own = new Set<Bus>();
  readonly #departures = new Departures(
    (peer, reason) => this.#hub.remove(peer, reason),
    (peer) => this.#hub.has(peer),
  );
  readonly #leaving = new Leaving(this.#registry, this.#departures);
  readonly #pages: PageJoins;
  readonly #exits: Exits;
  readonly #attachments: Attachments;
  readonly #clones: CloneChecker;
  readonly #installations: Installations;
  readonly #brokers: Brokers;
  #closed = false;

  /** @internal */
  constructor(electron: ElectronLike, options: BridgeOptions, preload: () => string) {
    super();
    this.#electron = electron;
    const { app, ipcMain } = electron;
    const { redactErrors, limits, preload: given, ...deciding } = checkOptions(options);
    if (ipcMain.listenerCount(JOIN) > 0) {
      throw invalid('createBridge()', 'this process has a bridge already. Use that one, or close() it before.');
    }
    this.#installations = new Installations(given === undefined ? preload : () => given);
    this.#clones = new CloneChecker(electron.MessageChannelMain);
    this.#hub = new Hub(this.#hubOwner(redactErrors, limits));
    this.#reception = new Reception(this.#hub, limits, this.#tell);
    this.#exits = new Exits(app);
    const ports = electronPorts(() => this.#channel(), this.#clones.check);
    this.#attachments = new Attachments(this.#reception, this.#departures, {
      exits: this.#exits,
      ports,
      process: mainProcess,
    });
    const policy = { ...deciding, appPath: app.getAppPath() };
    this.#brokers = new Brokers({
      hub: this.#hub,
      reception: this.#reception,
      policy: new RemotePolicy(policy, this.#reception),
      ports,
      gateways: { main: gatewayInMain(ports), utility: gatewayInUtility(ports, () => electron.fork()) },
    });
    this.#pages = new PageJoins({
      ipcMain,
      policy,
      registry: this.#registry,
      watcher: this.#leaving.watcher,
      reception: this.#reception,
      adopt: (raw) => ports.adopt(raw),
    });
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
   * `webPreferences.nodeIntegrationInSubFrames`. A second call does nothing, unless `session.setPreloads()` of your own has taken the
   * preload away meanwhile.
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
   * @throws MeshError `INVALID_ARGUMENT` for an option that is none or makes no sense, `NOT_AUTHORIZED` for a name that a page's
   *   origin holds, `CLOSED`
   */
  async connect<C extends ChannelMap<C> = AnyChannels>(options: OwnSeatOptions = {}): Promise<Bus<C>> {
    const seat = checkOwnSeat(options);
    this.#check(`bridge.connect({ name: '${seat.name}' })`);
    const bus = await takeOwnSeat<C>(seat, this.#reception, this.#platform);
    this.#own.add(bus as object as Bus);
    void bus.closed.then(() => this.#own.delete(bus as object as Bus));
    return bus;
  }

  /**
   * Lets a utility process, or a `worker_threads` worker, of this process into the mesh: it joins with `connect({ via })` of
   * `portmesh/node`, once or several times, before this call or after. It is trusted: no policy is asked. A utility process may
   * let in workers that it hosts. What a worker of main says to others is relayed by main, unread, while main's event loop is free.
   *
   * When it ends, its peers leave. A utility process: `killed` or `crashed` if Electron says so, else `exited`. A worker:
   * `crashed` after an uncaught error; `terminated` if it ends with 1, as after `terminate()`; else `exited`.
   *
   * @param options.name the name it has if it asks for none. It becomes reserved. @default its type
   * @param options.grant what it may do. @default everything
   * @returns `dispose()` ends it: no further ask is answered. Those who have joined stay.
   * @throws MeshError `INVALID_ARGUMENT`, also if it is attached already; `NOT_AUTHORIZED` for a name that a page's origin, or a seat of
   *   main itself, holds, unless `grant.names` has it; `CLOSED`
   * @example
   * bridge.attach(utilityProcess.fork(path), { name: 'thumbs' });
   */
  attach(child: UtilityProcess | Worker, options: AttachOptions = {}): Registration {
    this.#check('bridge.attach(child)');
    return this.#attachments.attach(child, options);
  }

  /**
   * Makes one mesh of Electron's peers and those of a broker of Node's, or of several: all see each other in one directory. What they
   * say to each other passes through a gateway, by default a process of its own, since Electron's peers have ports and Node's sockets;
   * main is needed to make new links only. A broker that is lost is joined again as soon as it is there; meanwhile its peers have left.
   *
   * @param broker where it is, and its secret for bridges
   * @returns `dispose()` leaves it, or them: their peers leave.
   * @throws MeshError (rejects) `NOT_AUTHORIZED` for a wrong secret, `VERSION_MISMATCH`, `TIMEOUT` if one doesn't answer, with why;
   *   `INVALID_ARGUMENT`, `CLOSED`
   * @example
   * await bridge.joinBroker({ path: '/run/user/1000/app/mesh.sock', token: secrets.bridge });
   */
  async joinBroker(
    broker: BrokerAddress | readonly BrokerAddress[],
    options: JoinBrokerOptions = {},
  ): Promise<Registration> {
    const checked = checkJoin(broker, options);
    this.#check('bridge.joinBroker()');
    await this.#electron.app.whenReady(); // no process can be started before
    this.#check('bridge.joinBroker()');
    return this.#brokers.join(checked);
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
      ...this.#reception.counts,
      watched: this.#leaving.watcher.size,
      documents: this.#registry.size,
      attached: this.#attachments.size,
      departing: this.#departures.size,
      references: [...this.#own].reduce((sum, { load }) => sum + load.references, 0),
      brokers: this.#brokers.status,
      gateway: this.#brokers.gateway,
    };
  }

  /** Ends every seat (`bridge-gone`), and takes the preload back. Idempotent; never rejects. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#reception.close();
    this.#pages.close();
    this.#brokers.close();
    this.#hub.close();
    this.#attachments.close();
    this.#exits.close();
    this.#departures.close();
    this.#leaving.watcher.close();
    this.#installations.close();
  }

  #check(call: string): void {
    if (this.#closed) throw new MeshError('CLOSED', `${call}: the bridge was closed.`);
  }

  /** A listener that throws is its owner's bug, to be seen as such; it doesn't stop what the bridge was doing. */
  readonly #tell: Tell = (name, ...args) => {
    try {
      (this as EventEmitter).emit(name, ...args);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  };

  // ---- what it is to the hub, and to main's own peers

  readonly #hubOwner = (redact: boolean, limits: Limits): HubOwner => ({
    redact,
    limits,
    // A page makes its own: one that asks for as many as it can would keep main from its work.
    channel: (peer) => (peer.process.type === 'renderer' ? undefined : this.#channel()),
    show: (peer, viewer) => {
      const same = viewer.origin === peer.origin && peer.origin !== 'null' && isOriginShown(viewer);
      if (!peer.frame || viewer.type === 'main' || same) return peer;
      const { webContents, routing, top } = peer.frame;
      return { ...peer, frame: { webContents, routing, top } };
    },
    closed: (peer) => {
      if (!this.#leaving.closed(peer) && !this.#attachments.closed(peer)) this.#hub.remove(peer.id, 'lost');
    },
    left: (peer, reason) => {
      const guests = [...this.#leaving.left(peer, reason), ...this.#attachments.left(peer, reason)];
      this.#tell('leave', peer, reason);
      const why = reason === 'lost' ? reason : 'evicted';
      for (const { id } of guests) this.#hub.remove(id, why, `${peer.name}, which had let it in, is gone (${reason})`);
    },
    malformed: (peer, problem) => this.#reception.malformed(problem, peer),
    state: () => this.state(),
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
