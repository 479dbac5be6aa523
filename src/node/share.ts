import { randomUUID } from 'node:crypto';
import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import { Answered } from '../core/broker/answered.js';
import { askOwner } from '../core/broker/asker.js';
import { ANSWER, LAST_ASK_MS, readAsk, type Ask, type Vouch } from '../core/broker/asking.js';
import { ChannelAsker } from '../core/broker/channel-asker.js';
import { registration, type Registration } from '../core/registration.js';
import { everything, grantProblem, type Grant } from '../core/directory/grant.js';
import { invalid } from '../core/errors/mesh-error.js';
import { ElectronPort, type ElectronPortLike } from '../core/port/electron-port.js';
import { electronPorts, nodePorts } from '../core/port/kinds.js';
import { relay } from '../core/port/relay.js';
import { isPeerName } from '../core/wire/frames.js';
import { check } from './clone-check.js';
import { isUtilityPort, wayToMain, type UtilityParentPort } from './via.js';

/** What `share` takes. */
export interface ShareOptions {
  /** Electron's `process.parentPort`. */
  readonly via: UtilityParentPort;
  /** What the worker may do: never more than this process itself. @default what this process may do */
  readonly grant?: Grant;
  /** The name it has if it asks for none. @default its type */
  readonly name?: string;
}

/** A host's ask is repeated by the worker's own: a worker that has given up shall get no seat. */
const HOST_TIMEOUT_MS = LAST_ASK_MS;

/** What is being shared. */
const shared = new WeakSet<Worker>();

/**
 * Lets a `worker_threads` worker of this utility process into the mesh: it joins with `connect({ via: parentPort })`. This process
 * must be attached in main (`bridge.attach(child)`). All that the worker says to others is relayed by this process, since Node's
 * ports and Electron's can't be joined: it passes it on unread, while its event loop is free.
 *
 * @returns `dispose()` ends it: no further ask is answered. A seat that the worker has stays.
 * @throws MeshError `INVALID_ARGUMENT`, also if the worker is shared already
 * @example
 * share(new Worker(new URL('./thumbs.js', import.meta.url)), { via: process.parentPort });
 */
export function share(worker: Worker, options: ShareOptions): Registration {
  const { via, grant = everything, name } = checkOptions(worker, options);
  if (shared.has(worker))
    throw invalid('share(worker)', 'it is shared already. Dispose the first registration before.');
  shared.add(worker);
  const answered = new Answered();
  const vouch: Omit<Vouch, 'document'> = { type: 'worker', origin: '', grant, share: randomUUID() };
  const ended = new AbortController();
  const onMessage = (data: unknown): void => {
    const ask = readAsk(data);
    if (!ask || !answered.first(ask.nonce)) return;
    const vouched = { ...ask, name: ask.name ?? name, vouch: { ...vouch, document: 0 } };
    seat(via, vouched, ended.signal).then(
      (port) => worker.postMessage([ANSWER, ask.nonce], [port]),
      () => answered.forget(ask.nonce),
    );
  };
  const dispose = (): void => {
    if (ended.signal.aborted) return;
    ended.abort();
    shared.delete(worker);
    worker.off('message', onMessage);
    worker.off('exit', dispose);
  };
  worker.on('message', onMessage);
  worker.on('exit', dispose);
  return registration(dispose);
}

const node = nodePorts(MessageChannel);

/** Asks main for a seat, and relays it: returns the worker's end. */
async function seat(via: UtilityParentPort, ask: Ask, signal: AbortSignal): Promise<MessagePort> {
  const { name, version, vouch } = ask;
  const call = 'share(worker)';
  const raw = await askOwner(wayToMain(via), {
    call,
    name,
    version,
    vouch,
    signal,
    timeout: HOST_TIMEOUT_MS,
    nonce: randomUUID(),
    unanswered: 'Call bridge.attach(child) in main.',
  });
  const control = new ChannelAsker(new ElectronPort(raw as ElectronPortLike, check));
  const { port1, port2 } = new MessageChannel();
  relay(
    { port: control, kind: electronPorts(() => control.channel(), check) },
    { port: node.adopt(port1), kind: node },
  );
  return port2;
}

function checkOptions(worker: unknown, options: unknown): ShareOptions {
  const call = 'share(worker)';
  const { postMessage, terminate } = Object(worker) as Partial<Worker>;
  if (typeof postMessage !== 'function' || typeof terminate !== 'function') {
    throw invalid(call, "give a Worker of 'node:worker_threads'.");
  }
  const { via, grant, name, ...others } = Object(options) as Partial<ShareOptions>;
  for (const key of Object.keys(others)) throw invalid(`${call}: { ${key} }`, 'the options are via, grant and name.');
  if (!isUtilityPort(via)) {
    throw invalid(
      `${call}: { via }`,
      "give a utility process's process.parentPort. In main, call bridge.attach(worker); a worker can't share workers of its own.",
    );
  }
  const problem = grant === undefined ? undefined : grantProblem(grant);
  if (problem) throw invalid(`${call}: { grant }`, `${problem}.`);
  if (name !== undefined && !isPeerName(name))
    throw invalid(`${call}: { name }`, 'a name is a text of 1 to 256 characters, without control characters.');
  return options as ShareOptions;
}
