import { errorMonitor } from 'node:events';
import { MessageChannel, type Worker } from 'node:worker_threads';
import type { MessagePortMain, UtilityProcess } from 'electron';
import { ANSWER } from '../core/broker/asking.js';
import type { PeerProcess } from '../core/directory/peer.js';
import { invalid, type LeaveReason } from '../core/errors/mesh-error.js';
import { electronPortCarries } from '../core/port/electron-port.js';
import { nodePorts } from '../core/port/kinds.js';
import { createMemoryChannel } from '../core/port/memory-port.js';
import type { Port } from '../core/port/port.js';
import { relay, type PortKind } from '../core/port/relay.js';
import type { Exits } from './exits.js';

/** What main can attach. */
export type Attachable = UtilityProcess | Worker;

/** A child of main, whatever its kind. */
export interface Child {
  readonly type: 'utility' | 'worker';
  /** `undefined` while it starts. */
  process(): PeerProcess | undefined;
  /** Its messages, until the returned function is called. */
  listen(message: (data: unknown) => void): () => void;
  /** Its end, told once; until the returned function is called. */
  onEnd(ended: (reason: LeaveReason) => void): () => void;
  /** Answers an ask, with one end of a channel. Returns the broker's end. */
  answer(nonce: string): Port;
}

export interface ChildParts {
  readonly exits: Exits;
  /** Electron's ports, as they are in main. */
  readonly ports: PortKind;
  /** That of main. */
  readonly process: PeerProcess;
}

/** Two children of one process id must differ: the system uses ids again. */
const ids = new WeakMap<object, number>();
let lastId = 0;

/** @throws MeshError `INVALID_ARGUMENT` */
export function childOf(child: unknown, parts: ChildParts): Child {
  const { postMessage, on, kill, terminate } = Object(child) as Partial<
    Record<'postMessage' | 'on' | 'kill' | 'terminate', unknown>
  >;
  if (typeof postMessage === 'function' && typeof on === 'function') {
    if (typeof kill === 'function') return utility(child as UtilityProcess, parts);
    if (typeof terminate === 'function') return thread(child as Worker, parts);
  }
  throw invalid(
    'bridge.attach(child)',
    "give what utilityProcess.fork() returned, or a Worker of 'node:worker_threads'. Pages and their workers join by themselves.",
  );
}

function utility(child: UtilityProcess, { exits, ports }: ChildParts): Child {
  const id = ids.get(child) ?? ++lastId;
  ids.set(child, id);
  exits.watch();
  return {
    type: 'utility',
    process: () =>
      child.pid === undefined ? undefined : { type: 'utility', id: `u${child.pid}.${id}`, pid: child.pid },
    listen(message) {
      child.on('message', message);
      return () => void child.off('message', message);
    },
    onEnd(ended) {
      const onExit = (code: number): void => exits.find(code, ended);
      child.once('exit', onExit);
      return () => void child.off('exit', onExit);
    },
    answer(nonce) {
      const [near, far] = ports.channel() as [MessagePortMain, MessagePortMain];
      child.postMessage([ANSWER, nonce], [far]);
      return ports.adopt(near);
    },
  };
}

const node = nodePorts(MessageChannel);

/** Main relays what its workers say: Node's ports and Electron's can't be joined. */
function thread(worker: Worker, { ports, process }: ChildParts): Child {
  if (worker.threadId === -1)
    throw invalid('bridge.attach(worker)', 'the worker has ended. Attach it when it is made.');
  return {
    type: 'worker',
    process: () => process,
    listen(message) {
      worker.on('message', message);
      return () => void worker.off('message', message);
    },
    onEnd(ended) {
      let failed = false;
      const onError = (): void => void (failed = true);
      // terminate() ends it with 1, as process.exit(1) in it does: there is no telling these two apart.
      const onExit = (code: number): void => {
        forget();
        ended(failed ? 'crashed' : code === 1 ? 'terminated' : 'exited');
      };
      const forget = (): void => void worker.off(errorMonitor, onError).off('exit', onExit);
      // Not 'error': with a listener for that, the application's own bug would go unseen.
      worker.on(errorMonitor, onError);
      worker.on('exit', onExit);
      return forget;
    },
    answer(nonce) {
      const { port1, port2 } = new MessageChannel();
      const [hub, near] = createMemoryChannel({ carries: electronPortCarries }).ports;
      relay({ port: near, kind: ports }, { port: node.adopt(port1), kind: node });
      worker.postMessage([ANSWER, nonce], [port2]);
      return hub;
    },
  };
}
