import type { RenderProcessGoneDetails, WebContents } from 'electron';
import type { LeaveReason } from '../core/errors/mesh-error.js';
import type { DocumentRecord, Registry } from './registry.js';

export interface WatcherOwner {
  /** Electron says that the document is gone. */
  gone(document: DocumentRecord, reason: LeaveReason): void;
  /** Its whole process is. */
  dead(document: DocumentRecord, reason: LeaveReason): void;
}

/** Watches the windows that have peers: navigation, crash, end. One set of listeners for a window, however often it joins. */
export class Watcher {
  readonly #registry: Registry;
  readonly #owner: WatcherOwner;
  readonly #watched = new Map<number, () => void>();

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
    ) => this.#onNavigate(id, url, top, pid, rid);
    const onNavigateInPage = (_: unknown, url: string, _top: boolean, pid: number, rid: number) =>
      this.#onNavigateInPage(id, url, pid, rid);
    const onGone = (_: unknown, details: RenderProcessGoneDetails) => this.#onGone(id, details);
    const onDestroyed = () => {
      this.#watched.delete(id);
      for (const document of this.#documents(id)) this.#owner.gone(document, 'closed');
    };
    contents.on('did-frame-navigate', onNavigate);
    contents.on('did-navigate-in-page', onNavigateInPage);
    contents.on('render-process-gone', onGone);
    contents.once('destroyed', onDestroyed);
    this.#watched.set(id, () => {
      contents.off('did-frame-navigate', onNavigate);
      contents.off('did-navigate-in-page', onNavigateInPage);
      contents.off('render-process-gone', onGone);
      contents.off('destroyed', onDestroyed);
    });
  }

  close(): void {
    for (const unwatch of this.#watched.values()) unwatch();
    this.#watched.clear();
  }

  /** A new document in a frame: those that were in it, and below it, are gone. The new one hasn't joined yet. */
  #onNavigate(contents: number, url: string, top: boolean, process: number, routing: number): void {
    for (const document of this.#documents(contents)) {
      // A frame that changes its process gets another routing id; below a window's main frame, everything goes.
      const same = document.routing === routing && document.process.startsWith(`r${process}.`);
      if (top || same)
        this.#owner.gone(document, withoutHash(document.url) === withoutHash(url) ? 'reloaded' : 'navigated');
    }
  }

  /** `pushState` and the like: the document lives, but has another URL, by which a reload is told from a navigation. */
  #onNavigateInPage(contents: number, url: string, process: number, routing: number): void {
    for (const document of this.#documents(contents)) {
      if (document.routing === routing && document.process.startsWith(`r${process}.`)) document.url = url;
    }
  }

  /** The window's process is gone, and with it all that lived in it, of other windows too. */
  #onGone(contents: number, details: RenderProcessGoneDetails): void {
    const reason = details.reason === 'killed' ? 'killed' : details.reason === 'clean-exit' ? 'exited' : 'crashed';
    const dead = new Set(this.#documents(contents).flatMap(({ top, process }) => (top ? [process] : [])));
    for (const document of this.#registry.documentsWhere(({ process }) => dead.has(process))) {
      this.#owner.dead(document, reason);
    }
  }

  #documents(contents: number): DocumentRecord[] {
    return this.#registry.documentsWhere(({ webContents }) => webContents === contents);
  }
}

function withoutHash(url: string): string {
  return url.split('#', 1)[0] as string;
}
