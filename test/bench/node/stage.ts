import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Venue } from '../contest/contest.js';
import type { ContenderName } from './contenders/contenders.js';
import { Processes, type Process } from './processes.js';

/** What is measured: a contender between two processes, ready to be called. */
export interface NodeContestant {
  readonly name: ContenderName;
  readonly client: Process;
  readonly server: Process;
  /** What stands between them. */
  readonly host: Process | undefined;
  /** Where its sockets are. */
  readonly folder: string;
}

const hosted: ReadonlySet<ContenderName> = new Set(['portmesh', 'electron-common-ipc'] as const);

/** Node processes, and the contenders in them: each is made when the first row needs it. */
export class NodeStage implements Venue<NodeContestant> {
  readonly #processes: Processes;
  readonly #contestants = new Map<ContenderName, Promise<NodeContestant>>();

  /** @param folder for sockets */
  constructor(folder: string) {
    this.#processes = new Processes(folder, join(__dirname, 'child.cjs'));
  }

  setUp(): Promise<void> {
    return this.#processes.open();
  }

  enter(name: ContenderName): Promise<NodeContestant> {
    const known = this.#contestants.get(name) ?? this.#prepare(name);
    this.#contestants.set(name, known);
    return known;
  }

  /** A process besides those of contenders; it stays. */
  process(name: string): Promise<Process> {
    return this.#processes.start(name);
  }

  async clear(): Promise<void> {}

  ownShare(): Promise<number> {
    return this.#processes.ownShare();
  }

  async profiled<T>(folder: string, row: string, work: () => Promise<T>): Promise<T> {
    const { client, server } = await this.enter('portmesh');
    const sides = { client, server };
    for (const side of Object.values(sides)) await side.call('startProfile');
    try {
      return await work();
    } finally {
      mkdirSync(folder, { recursive: true });
      for (const [name, side] of Object.entries(sides)) {
        await side.call('writeProfile', join(folder, `${row}-${name}.cpuprofile`));
      }
    }
  }

  async #prepare(name: ContenderName): Promise<NodeContestant> {
    const processes = this.#processes;
    const folder = processes.folder(name.replaceAll(' ', '-'));
    const host = hosted.has(name) ? await processes.start(`${name} host`) : undefined;
    await host?.call('host', name, folder);
    const client = await processes.start(`${name} client`);
    const serverName = `${name} server`;
    const server =
      name === 'child_process advanced'
        ? await processes.expect(serverName, () => client.call('fork', serverName))
        : await processes.start(serverName);
    await server.call('serve', name, folder);
    await client.call('open', name, folder);
    return { name, client, server, host, folder };
  }
}
