import type { LeaveReason } from '../core/errors/mesh-error.js';
import type { Peer } from '../core/directory/peer.js';
import type { Place } from './frames.js';
import type { Shares } from './shares.js';

/** A document: one load of a frame. Process and frame ids outlive a reload, so the preload's nonce names it. */
export interface DocumentRecord extends Place {
  /** Of a frame that has none, as it joins through its owner: one that nobody else has. */
  readonly nonce: string;
  /** `PeerProcess.id` of its renderer */
  readonly process: string;
  readonly pid: number;
  readonly webContents: number;
  readonly routing: number | undefined;
  readonly top: boolean;
  readonly origin: string;
  /** As it is now: `pushState` changes it. */
  url: string;
  /** Of a frame that another document shares: that document, with which it goes. */
  readonly owner: DocumentRecord | undefined;
  /** Its own, and the workers that it shares. */
  readonly peers: Map<string, Peer>;
  /** Whom it has let in: frames, which have documents of their own, and workers. */
  readonly shares: Shares;
  /** Why it ended, once that is known. */
  reason: LeaveReason | undefined;
}

/** What `bridge.registry.snapshot()` returns: who lives where, as plain data. */
export interface RegistrySnapshot {
  /** The renderer processes that peers live in. */
  readonly processes: readonly {
    /** `PeerProcess.id` */
    readonly id: string;
    /** The operating system's process id. */
    readonly pid: number;
    /** Its frames, of whichever windows. */
    readonly frames: readonly {
      /** Electron's `webContents.id` of its window. */
      readonly webContents: number;
      /**
       * Electron's `frameTreeNodeId`: stays with a frame through every navigation. `undefined` for a frame that can't be told from
       * others of its origin.
       */
      readonly frame: number | undefined;
      /** Whether it is the main frame of its window. */
      readonly top: boolean;
      /** What is loaded in it, and, for a moment, what was before. */
      readonly documents: readonly {
        /** As it is now: `pushState` changes it. */
        readonly url: string;
        /** Its origin; `'null'` for an opaque one. */
        readonly origin: string;
        /** The peers that live in it. */
        readonly peers: readonly Peer[];
      }[];
    }[];
  }[];
}

/**
 * Renderer processes → frames → documents → peers ("renderer affinity"). Several pages can live in one renderer process: a
 * process id identifies nobody, and one crash takes several peers along.
 */
export class Registry {
  readonly #documents = new Map<string, DocumentRecord>();
  readonly #byPeer = new Map<string, DocumentRecord>();

  /** The documents that have peers. */
  get size(): number {
    return this.#documents.size;
  }

  document(nonce: string): DocumentRecord | undefined {
    return this.#documents.get(nonce);
  }

  documentOf(peer: string): DocumentRecord | undefined {
    return this.#byPeer.get(peer);
  }

  documentsWhere(fits: (document: DocumentRecord) => boolean): DocumentRecord[] {
    return [...this.#documents.values()].filter(fits);
  }

  /** The seats that a document has itself, without those of the workers that it shares. */
  seats(document: DocumentRecord): Peer[] {
    return [...document.peers.values()].filter(({ via }) => via === undefined);
  }

  add(document: DocumentRecord, peer: Peer): void {
    this.#documents.set(document.nonce, document);
    document.peers.set(peer.id, peer);
    this.#byPeer.set(peer.id, document);
  }

  remove(peer: string): void {
    const document = this.#byPeer.get(peer);
    if (!document) return;
    this.#byPeer.delete(peer);
    document.peers.delete(peer);
    (document.owner ?? document).shares.remove(peer);
    if (document.peers.size === 0) this.#documents.delete(document.nonce);
  }

  snapshot(): RegistrySnapshot {
    const processes = group(this.#documents.values(), (document) => document.process).map((inProcess) => ({
      id: inProcess[0].process,
      pid: inProcess[0].pid,
      frames: group(inProcess, (document) => document.frame).map((inFrame) => ({
        webContents: inFrame[0].webContents,
        frame: inFrame[0].frame,
        top: inFrame[0].top,
        documents: inFrame.map(({ url, origin, peers }) => ({ url, origin, peers: [...peers.values()] })),
      })),
    }));
    return { processes };
  }
}

function group<T, K>(items: Iterable<T>, key: (item: T) => K): [T, ...T[]][] {
  const groups = new Map<K, [T, ...T[]]>();
  for (const item of items) {
    const known = groups.get(key(item));
    if (known) known.push(item);
    else groups.set(key(item), [item]);
  }
  return [...groups.values()];
}
