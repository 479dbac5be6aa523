import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Driven } from '../../../playground/src/lab/driven.js';
import { secrets } from '../../unit/support/node-mesh.js';
import { playgroundFolder } from './lab.js';
import { Place } from './place.js';

/** A Node child process of the test's, with no Electron in it. */
export class NodeChild extends Place {
  readonly process: ChildProcess;
  /** Resolves with its exit code, or the signal that ended it. */
  readonly exited: Promise<number | string>;

  private constructor(child: ChildProcess, driven: Driven<ChildProcess>) {
    super('a Node child', (text) => driven.run(text, undefined) as Promise<string>);
    this.process = child;
    this.exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  }

  static async start(): Promise<NodeChild> {
    const child = fork(join(playgroundFolder, 'lab-node.cjs'), { serialization: 'advanced', execArgv: [] });
    const driven = new Driven(child, (message) => void child.send(message as never));
    child.on('message', (data) => driven.hear(data));
    child.on('exit', () => driven.end());
    await once(child, 'message');
    return new NodeChild(child, driven);
  }

  /** Joins a broker there; its bus is the world's `bus`. Returns its id. */
  joinBroker(address: object, name: string): Promise<string> {
    return this.run(
      async (world, given) => {
        world.bus = await world.lab.connect(given as never);
        // From now on the bus keeps it alive, and not its driver.
        (world as unknown as { process: NodeJS.Process }).process.channel?.unref();
        return world.bus.self.id;
      },
      { broker: { ...address, token: secrets.peer }, name },
    );
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGKILL');
    await this.exited;
  }
}
