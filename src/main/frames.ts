import type { WebContents, WebFrameMain } from 'electron';
import type { PeerType } from '../core/directory/peer.js';
import type { Candidate } from './candidate.js';

/** What Electron knows of the frame that asks. `undefined` if it is gone while it is being read. */
export function readCandidate(
  frame: WebFrameMain,
  contents: WebContents,
  name: string | undefined,
): Candidate | undefined {
  try {
    const top = frame.parent === null;
    const type: PeerType = !top ? 'frame' : contents.getType() === 'webview' ? 'webview' : 'window';
    const pid = frame.osProcessId;
    return {
      name: name ?? type,
      type,
      origin: frame.origin || 'null',
      url: frame.url,
      topOrigin: frame.top?.origin ?? 'null',
      // A crashed renderer's successor has the same process id, and another pid.
      process: { type: 'renderer', id: `r${frame.processId}.${pid}`, pid },
      frame: { webContents: contents.id, routing: frame.routingId, top },
    };
  } catch {
    return undefined;
  }
}
