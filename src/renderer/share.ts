import { Answered } from '../core/broker/answered.js';
import { ANSWER, readAsk, type Ask, type Vouch } from '../core/broker/asking.js';
import { JOIN } from '../core/broker/joining.js';
import { registration, type Registration } from '../core/registration.js';
import { everything, grantProblem, type Grant } from '../core/directory/grant.js';
import { invalid } from '../core/errors/mesh-error.js';
import { closeAll } from '../core/port/port.js';
import { isPeerName } from '../core/wire/frames.js';
import { makeNonce } from './nonce.js';
import { checkOrigin } from './owner.js';
import { hasPreload, preloadMissing } from './preload.js';

/** What `share` takes for a worker. */
export interface ShareOptions {
  /** What the child may do: never more than this page itself. @default what this page may do */
  readonly grant?: Grant;
  /** The name it has if it asks for none. @default its type */
  readonly name?: string;
}

/** What `share` takes for a frame. */
export interface ShareFrameOptions extends ShareOptions {
  /**
   * The origin of the documents in the frame that are let in, as the browser writes it: `'https://widgets.example'`, `'file://'` for
   * pages of files. `'null'` stands for all opaque origins, such as those of sandboxed frames and `data:` pages: the browser can't tell
   * one of them from another, so whatever opaque document is in the frame is let in.
   */
  readonly origin: string;
}

/** An `HTMLIFrameElement`. By its members, so that these types can be read where there is no DOM. */
export interface FrameLike {
  /** Its window, as long as it is in a document. */
  readonly contentWindow: object | null;
  /** What tells a frame from others that have a window. */
  srcdoc: string;
}

/** A dedicated `Worker`. */
export interface WorkerLike {
  /** The way to it. */
  postMessage(message: unknown, transfer: never[]): void;
  /** What tells a worker from others that take messages. */
  terminate(): void;
}

/** What is being shared. */
const shared = new WeakSet<object>();

/**
 * Lets a frame, or a dedicated worker, that this page owns into the mesh: it joins through this page with `connect()`. This page needs
 * the preload; the child doesn't. The bridge's policy may refuse it. What the child does in the mesh is its own; its messages
 * don't pass through this page.
 *
 * An iframe may be loaded before or after, or be navigated: each document of that origin is let in. Asks are answered as long as it is
 * shared, and are hidden from the listeners for messages that are put on later.
 *
 * @returns `dispose()` ends it: no further ask is answered. Those who have joined stay.
 * @throws MeshError `INVALID_ARGUMENT`, also if it is shared already; `BRIDGE_GONE` if this page has no preload
 * @example
 * share(iframe, { origin: 'https://widgets.example', grant: { send: ['doc:*'], peers: ['editor'] } });
 * share(new Worker(url, { type: 'module' }));
 */
export function share(target: FrameLike, options: ShareFrameOptions): Registration;
export function share(target: WorkerLike, options?: ShareOptions): Registration;
export function share(target: FrameLike | WorkerLike, options: Partial<ShareFrameOptions> = {}): Registration {
  const kind = Object.prototype.toString.call(target);
  if (kind !== '[object HTMLIFrameElement]' && kind !== '[object Worker]') {
    throw invalid('share(target)', 'give an iframe element, or a Worker.');
  }
  const frame = kind === '[object HTMLIFrameElement]' ? (target as HTMLIFrameElement) : undefined;
  const call = frame ? 'share(iframe)' : 'share(worker)';
  const { origin = '', grant = everything, name } = checkOptions(call, options, frame !== undefined);
  if (shared.has(target)) throw invalid(call, 'it is shared already. Dispose the first registration before.');
  if (typeof window === 'undefined') throw invalid(call, 'a worker can not let in others. Call it in a page.');
  if (!hasPreload()) throw preloadMissing(call);
  const vouch = { type: frame ? 'frame' : 'worker', origin, grant, share: makeNonce() } as const;
  const answer = answering(vouch, name);
  shared.add(target);
  return frame ? shareFrame(frame, origin, answer) : shareWorker(target as Worker, answer);
}

type Answer = (event: MessageEvent, post: (message: unknown[]) => void) => void;

/** Answers an ask; the port of one that has been answered goes on to the preload, for the bridge. */
function answering(vouch: Omit<Vouch, 'document'>, name: string | undefined): Answer {
  const answered = new Answered();
  return (event, post) => {
    const ask: Ask | undefined = readAsk(event.data);
    if (!ask) return;
    event.stopImmediatePropagation();
    const [port, ...more] = event.ports;
    closeAll(more);
    const { nonce, version, document } = ask;
    if (!port) {
      if (answered.first(nonce)) post([ANSWER, nonce]);
    } else if (answered.takes(nonce)) {
      window.postMessage([JOIN, ask.name ?? name, version, { ...vouch, document }], '/', [port]);
    } else {
      port.close();
    }
  };
}

function shareFrame(frame: HTMLIFrameElement, origin: string, answer: Answer): Registration {
  // The window must not keep a frame alive that has been removed.
  const reference = new WeakRef(frame);
  const onMessage = (event: MessageEvent): void => {
    const iframe = reference.deref();
    if (!iframe) return stop();
    // Looked up anew: it is another one, or none, when the frame has been moved.
    const { contentWindow } = iframe;
    if (!contentWindow || event.source !== contentWindow || event.origin !== origin) return;
    answer(event, (message) => contentWindow.postMessage(message, origin === 'null' ? '*' : origin));
  };
  const stop = (): void => window.removeEventListener('message', onMessage);
  window.addEventListener('message', onMessage);
  return once(reference, stop);
}

function shareWorker(worker: Worker, answer: Answer): Registration {
  const onMessage = (event: MessageEvent): void => answer(event, (message) => worker.postMessage(message));
  worker.addEventListener('message', onMessage);
  return once(new WeakRef(worker), () => worker.removeEventListener('message', onMessage));
}

function once(target: WeakRef<object>, stop: () => void): Registration {
  let disposed = false;
  return registration(() => {
    if (disposed) return;
    disposed = true;
    stop();
    const object = target.deref();
    if (object) shared.delete(object);
  });
}

function checkOptions(call: string, options: unknown, frame: boolean): Partial<ShareFrameOptions> {
  if (typeof options !== 'object' || options === null) throw invalid(call, 'the options are an object.');
  const names = frame ? ['origin', 'grant', 'name'] : ['grant', 'name'];
  for (const key of Object.keys(options)) {
    if (!names.includes(key)) throw invalid(`${call}: { ${key} }`, `the options are ${names.join(', ')}.`);
  }
  const { origin, grant, name } = options as Partial<ShareFrameOptions>;
  if (frame && origin !== 'null') checkOrigin(`${call}: { origin }`, origin);
  const problem = grant === undefined ? undefined : grantProblem(grant);
  if (problem) throw invalid(`${call}: { grant }`, `${problem}.`);
  if (name !== undefined && !isPeerName(name))
    throw invalid(`${call}: { name }`, 'a name is a text of 1 to 256 characters, without control characters.');
  return options;
}
