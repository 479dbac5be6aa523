import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Driven } from '../../../playground/src/lab/driven.js';
import { secrets } from '../../unit/support/node-mesh.js';
import { playgroundFolder } from './lab.js';
import { Place, type World } from './place.js';

/** A Node child process of the test's, with no Electron in it. It joins by a broker. */
export class NodeChild extends Place {
  readonly process: ChildProcess;
  /** Resolves with its exit code, or the signal that ended it. */
  readonly exited: Promise<number | string>;
  /** Resolves with `Date.now()` of when this process was told of its end. */
  readonly ended: Promise<number>;

  private constructor(child: ChildProcess, driven: Driven<ChildProcess>) {
    super(
      'a Node child',
      (text) => driven.run(text, undefined) as Promise<string>,
      async () => void child.kill('SIGKILL'),
    );
    this.process = child;
    this.ended = driven.ended;
    this.exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  }

  /** @param broker where it is: there, `connect()` needs to be told nothing of it, as in all other places */
  static async start(broker: object): Promise<NodeChild> {
    const process = fork(join(playgroundFolder, 'lab-node.cjs'), { serialization: 'advanced', execArgv: [] });
    const driven = new Driven(process, (message) => void process.send(message as never));
    process.on('message', (data) => driven.hear(data));
    process.on('exit', () => driven.end());
    await once(process, 'message');
    const child = new NodeChild(process, driven);
    await child.run(
      (world, given) => {
        const lab = world.lab as { connect(options: object): unknown };
        const { connect } = lab;
        lab.connect = (options) => connect({ broker: given, ...options });
      },
      { ...broker, token: secrets.peer },
    );
    return child;
  }

  /** From now on its driver does not keep it alive: only what it has opened itself. */
  letGo(): Promise<void> {
    return this.run((world) => (world as World & { process: NodeJS.Process }).process.channel?.unref());
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGKILL');
    await this.exited;
  }
}
