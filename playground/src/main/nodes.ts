import { app } from 'electron';
import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Bridge } from 'portmesh/main';
import { isNode, placeNames, type NodeName } from '../places.js';

/**
 * The Node child processes: a broker, and peers of it. Electron's own binary runs them as plain Node, so that they need none on the
 * user's machine; an app that has turned that off by a fuse brings its own.
 *
 * Make it before Electron starts any process. What is forked on Linux at the very moment in which Electron starts one, a window's or a
 * utility process, inherits the far end of that one's socket; and as long as the fork lives, Electron doesn't notice the other's death.
 */
export class Nodes {
  readonly #children = new Map<NodeName, ChildProcess>();
  readonly #path = socketPath();
  readonly #secrets = { peer: makeSecret(), bridge: makeSecret() };

  constructor() {
    for (const name of placeNames.filter(isNode)) this.#fork(name);
    // Whoever stands still just then ends too. If main crashes, they hear it by the channel that it forked them with.
    process.once('exit', () => {
      for (const child of this.#children.values()) child.kill('SIGKILL');
    });
  }

  /** Once: the bridge finds the next broker by itself. */
  join(bridge: Bridge): void {
    const broker = { path: this.#path, token: this.#secrets.bridge };
    bridge.joinBroker(broker, { timeout: Infinity }).catch((error: unknown) => console.error(error));
  }

  /** Nobody comes in without the broker, so that is first. Those who only wait for it are left alone: they come back by themselves. */
  async restore(name: NodeName): Promise<void> {
    const waits = name !== 'broker' && !this.#children.has('broker');
    if (waits) await this.#start('broker');
    if (!waits || !this.#children.has(name)) await this.#start(name);
  }

  /** Lets it say goodbye. */
  stop(name: NodeName): void {
    const child = this.#children.get(name);
    if (!child?.connected) throw new Error(`${name} is not there`);
    child.disconnect();
  }

  /** Starts it; another one, if it is there, and has no seat any more. */
  async #start(name: NodeName): Promise<void> {
    const before = this.#children.get(name);
    if (before) {
      const exited = once(before, 'exit');
      before.kill('SIGKILL');
      await exited;
    }
    this.#fork(name);
  }

  #fork(name: NodeName): void {
    const { peer, bridge } = this.#secrets;
    // The same each time: by the secrets, a broker knows those who have had a seat at the one before it.
    const env = {
      ...process.env,
      BROKER_PATH: this.#path,
      PORTMESH_PEER_SECRET: peer,
      ...(name === 'broker' && { PORTMESH_BRIDGE_SECRET: bridge }),
    };
    const script = join(__dirname, name === 'broker' ? 'broker.cjs' : 'node.cjs');
    const child = fork(script, [name], { env, execArgv: [] });
    this.#children.set(name, child);
    child.once('exit', () => {
      if (this.#children.get(name) === child) this.#children.delete(name);
    });
    child.on('error', (error) => console.error(`${name}: ${error.message}`));
  }
}

function socketPath(): string {
  return process.platform === 'win32'
    ? `\\\\.\\pipe\\portmesh-playground-${makeSecret()}`
    : join(app.getPath('userData'), 'mesh.sock');
}

function makeSecret(): string {
  return randomBytes(32).toString('hex');
}
