/** What kind of place a peer lives in. */
export type PeerType = 'window' | 'frame' | 'webview' | 'worker' | 'main' | 'utility' | 'node';

/** The process a peer lives in. Peers with the same `id` share one, and die together. */
export interface PeerProcess {
  /** What kind of process it is. */
  readonly type: 'renderer' | 'main' | 'utility' | 'node';
  /** Unique among the processes of the mesh. */
  readonly id: string;
  /** The operating system's process id. */
  readonly pid: number;
}

/** The frame a renderer's peer lives in. */
export interface PeerFrame {
  /** Electron's `webContents.id` */
  readonly webContents: number;
  /** Electron's `frame.routingId`, unique in its process only */
  readonly routing: number;
  /** Whether it is the main frame of its window. */
  readonly top: boolean;
  /** Its document's URL when it joined. Shown only to peers in main and of the same origin. */
  readonly url?: string;
}

/**
 * Internal: whether the platform has shown a peer's origin to the broker. Of a frame that joined through a page, that page alone says
 * which of its frames it is: it could hold the port itself.
 */
export function isOriginShown({ type, via }: Peer): boolean {
  return type !== 'frame' || via === undefined;
}

/** A participant, as the broker describes it. All of it but the name is stamped by the broker, never claimed by the peer. */
export interface Peer {
  /** Unique in the mesh, and never used again. */
  readonly id: string;
  /** The display name the peer has chosen, as far as it was allowed to. Several peers may share one. */
  readonly name: string;
  /** What kind of place it lives in. */
  readonly type: PeerType;
  /** The origin of its document, such as `app://editor`; for main and other trusted processes, `''`. */
  readonly origin: string;
  /** The process it lives in. */
  readonly process: PeerProcess;
  /** The frame it lives in, if it lives in a renderer. */
  readonly frame?: PeerFrame;
  /** Who let it in, if it joined through another peer: that peer's id. */
  readonly via?: string;
}
