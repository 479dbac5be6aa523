import type { RenderProcessGoneDetails, WebContents, WebFrameMain } from 'electron';
import type { LeaveReason } from '../core/errors/mesh-error.js';
import { isDead, isReadable, processOf } from './frames.js';
import type { DocumentRecord, Registry } from './registry.js';

export interface WatcherOwner {
  /** Electron says that the document is gone. */
  gone(document: DocumentRecord, reason: LeaveReason): void;
  /** Its whole process is. */
  dead(document: DocumentRecord, reason: LeaveReason): void;
}

interface Watched {
  readonly contents: WebContents;
  /** `PeerProcess.id` of its main frame: when that process dies, it can't be read any more. */
  process: string | undefined;
  /** Of its main frame, as it is now: whoever is known in there or not. */
  url: string | undefined;
  /** The same, of its origin. */
  origin: string | undefined;
  /** When a sub-frame in which nobody is known has navigated last. */
  strayed: number;
  readonly unwatch: () => void;
}

/** Watches the windows that have peers: navigation, crash, end. One set of listeners for a window, however often it joins. */
export class Watcher {
  readonly #registry: Registry;
  readonly #owner: WatcherOwner;
  readonly #watched = new Map<number, Watched>();

  constructor(registry: Registry, owner: WatcherOwner) {
    this.#registry = registry;
    this.#owner = owner;
  }

  /** How many windows are watched. */
  get size(): number {
    return this.#watched.size;
  }

  watch(contents: WebContents): void {
    const { id } = contents;
    if (this.#watched.has(id)) return;
    const onNavigate = (
      _: unknown,
      url: string,
      _code: number,
      _text: string,
      top: boolean,
      pid: number,
      rid: number,
    ) => this.#onNavigate(watched, url, top, pid, rid);
    const onFail = (_: unknown, _code: number, _text: string, url: string, top: boolean, pid: number, rid: number) =>
      this.#onFail(watched, url, top, pid, rid);
    const onNavigateInPage = (_: unknown, url: string, top: boolean, pid: number, rid: number) => {
      if (top) watched.url = url;
      this.#onNavigateInPage(id, url, pid, rid);
    };
    const onGone = (_: unknown, details: RenderProcessGoneDetails) => this.#onGone(watched, details);
    const onDestroyed = () => {
      this.#watched.delete(id);
      for (const document of this.#documents(id)) this.#owner.gone(document, 'closed');
    };
    contents.on('did-frame-navigate', onNavigate);
    contents.on('did-fail-load', onFail);
    contents.on('did-navigate-in-page', onNavigateInPage);
    contents.on('render-process-gone', onGone);
    contents.once('destroyed', onDestroyed);
    const unwatch = (): void => {
      contents.off('did-frame-navigate', onNavigate);
      contents.off('did-fail-load', onFail);
      contents.off('did-navigate-in-page', onNavigateInPage);
      contents.off('render-process-gone', onGone);
      contents.off('destroyed', onDestroyed);
    };
    const watched: Watched = { contents, ...readMain(contents), strayed: -Infinity, unwatch };
    this.#watched.set(id, watched);
  }

  /** Whether the window's page is being replaced. */
  isLoading(contents: number): boolean {
    const watched = this.#watched.get(contents)?.contents;
    return watched !== undefined && !watched.isDestroyed() && watched.isLoadingMainFrame();
  }

  /** Whether the document's process has died. For frames in a process of their own there is no event that says so. */
  isDead(document: DocumentRecord): boolean {
    const watched = this.#watched.get(document.webContents);
    return watched !== undefined && isDead(watched.contents, document.kin);
  }

  /** Whether, since then (`performance.now()`), a sub-frame in which nobody is known has navigated in that window. */
  strayedSince(contents: number, then: number): boolean {
    return (this.#watched.get(contents)?.strayed ?? -Infinity) >= then;
  }

  close(): void {
    for (const { unwatch } of this.#watched.values()) unwatch();
    this.#watched.clear();
  }

  /** A new document in a frame: those that were in it, and below it, are gone. The new one hasn't joined yet. */
  #onNavigate(watched: Watched, url: string, top: boolean, process: number, routing: number): void {
    const { contents } = watched;
    const before = watched.url;
    if (top) Object.assign(watched, readMain(contents), { url });
    // Process and routing id are the new document's, which may live elsewhere than the old one.
    const frame = top ? undefined : findFrame(contents, process, routing)?.frameTreeNodeId;
    const gone = this.#documents(contents.id).filter(
      (document) => top || (frame !== undefined && (document.frame === frame || document.ancestors.includes(frame))),
    );
    if (gone.length === 0) watched.strayed = performance.now();
    const old = top ? before : gone.find((document) => document.frame === frame)?.url;
    for (const document of gone) {
      const same = withoutHash(old ?? document.url) === withoutHash(url);
      this.#owner.gone(document, same ? 'reloaded' : 'navigated');
    }
  }

  /**
   * Something could not be loaded. Either an error page has come in the place of a document, which is told of by nothing else; such a page
   * has an opaque origin. Or the rest of a document is missing, which lives.
   */
  #onFail(watched: Watched, url: string, top: boolean, process: number, routing: number): void {
    const { contents } = watched;
    const frame = findFrame(contents, process, routing);
    if (frame?.origin !== 'null') return;
    const child = this.#documents(contents.id).find((document) => document.frame === frame.frameTreeNodeId);
    const before = top ? watched.origin : child?.origin;
    if (before !== undefined && before !== 'null') this.#onNavigate(watched, url, top, process, routing);
    else watched.strayed = performance.now();
  }

  /** `pushState` and the like: the document lives, but has another URL, by which a reload is told from a navigation. */
  #onNavigateInPage(contents: number, url: string, process: number, routing: number): void {
    for (const document of this.#documents(contents)) {
      if (document.routing === routing && document.process.startsWith(`r${process}.`)) document.url = url;
    }
  }

  /** The window's process is gone, and with it all that lived in it, of other windows too, and what that had let in. */
  #onGone({ contents, process }: Watched, details: RenderProcessGoneDetails): void {
    const reason = details.reason === 'killed' ? 'killed' : details.reason === 'clean-exit' ? 'exited' : 'crashed';
    // One that was there before, and is on its way out, had a process of its own, maybe.
    const standing = this.#documents(contents.id).filter(({ top, reason: gone }) => top && !gone);
    const dead = new Set(standing.map((document) => document.process));
    if (process !== undefined) dead.add(process);
    for (const id of dead) this.processDied(id, reason);
  }

  /** Tells of every document of a process, in one step. */
  processDied(process: string, reason: LeaveReason): void {
    const dead = new Set(this.#registry.documentsWhere((document) => document.process === process));
    for (const document of this.#registry.documentsWhere(({ owner }) => owner !== undefined && dead.has(owner))) {
      dead.add(document);
    }
    for (const document of dead) this.#owner.dead(document, reason);
  }

  #documents(contents: number): DocumentRecord[] {
    return this.#registry.documentsWhere(({ webContents }) => webContents === contents);
  }
}

function readMain(contents: WebContents): Pick<Watched, 'process' | 'url' | 'origin'> {
  try {
    const { mainFrame } = contents;
    return { process: processOf(mainFrame).id, url: mainFrame.url, origin: mainFrame.origin };
  } catch {
    return { process: undefined, url: undefined, origin: undefined }; // it is dead already
  }
}

function findFrame(contents: WebContents, process: number, routing: number): WebFrameMain | undefined {
  try {
    return contents.mainFrame.framesInSubtree.find(
      (frame) => isReadable(frame) && frame.processId === process && frame.routingId === routing,
    );
  } catch {
    return undefined; // the window is gone
  }
}

export function withoutHash(url: string): string {
  return url.split('#', 1)[0] as string;
}
