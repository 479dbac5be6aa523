import type { WebContents, WebFrameMain } from 'electron';
import type { PeerProcess, PeerType } from '../core/directory/peer.js';
import type { Candidate } from './candidate.js';

/** Where a document is, for what becomes of it later. */
export interface Place {
  /** Electron's `frameTreeNodeId`: stays with a frame through every navigation. `undefined`: it can't be told which frame. */
  readonly frame: number | undefined;
  /** The same of the frames above it. */
  readonly ancestors: readonly number[];
  /** The frame, and those above it in its process: by them the death of that process is seen. */
  readonly kin: readonly WebFrameMain[];
}

/** Names a frame through every navigation, among those of its window; of one that is gone, nothing does. */
export function frameKey(frame: WebFrameMain | null): number | undefined {
  try {
    return frame?.frameTreeNodeId;
  } catch {
    return undefined;
  }
}

/** What Electron knows of the frame that asks. `undefined` if it is gone while it is being read. */
export function readFrame(
  frame: WebFrameMain,
  contents: WebContents,
  name: string | undefined,
): { readonly candidate: Candidate; readonly place: Place } | undefined {
  try {
    const top = frame.parent === null;
    const type: PeerType = !top ? 'frame' : contents.getType() === 'webview' ? 'webview' : 'window';
    const { url } = frame;
    const candidate = {
      name: name ?? type,
      type,
      origin: frame.origin || 'null',
      url,
      hostUrl: hostUrl(frame),
      topOrigin: frame.top?.origin ?? 'null',
      process: processOf(frame),
      frame: { webContents: contents.id, routing: frame.routingId, top },
    };
    return { candidate, place: placeOf(frame) };
  } catch {
    return undefined;
  }
}

/** @throws if the frame is gone */
export function processOf(frame: WebFrameMain): PeerProcess {
  const pid = frame.osProcessId;
  // A crashed renderer's successor has the same process id, and another pid.
  return { type: 'renderer', id: `r${frame.processId}.${pid}`, pid };
}

/** @throws if the frame is gone */
export function placeOf(frame: WebFrameMain): Place {
  const above = framesAbove(frame);
  return {
    frame: frame.frameTreeNodeId,
    ancestors: above.map(({ frameTreeNodeId }) => frameTreeNodeId),
    kin: [frame, ...above.filter(({ processId }) => processId === frame.processId)],
  };
}

/** Its own, or that of the document whose text it is. @throws if the frame is gone */
export function hostUrl(frame: WebFrameMain): string {
  return [frame, ...framesAbove(frame)].find(({ url }) => url !== 'about:srcdoc')?.url ?? frame.url;
}

/** Whether the process of one of `frames` has died: then it still has its place in the window, but can't be read any more. */
export function isDead(contents: WebContents, frames: readonly WebFrameMain[]): boolean {
  try {
    const standing = contents.mainFrame.framesInSubtree;
    return frames.some((frame) => standing.includes(frame) && !isReadable(frame));
  } catch {
    return false; // the window's own process is dead, or the window is gone: Electron tells of both
  }
}

/** Whether nothing that is read of it throws: it is neither removed nor was its process lost. */
export function isReadable(frame: WebFrameMain): boolean {
  try {
    return typeof frame.routingId === 'number';
  } catch {
    return false;
  }
}

function framesAbove(frame: WebFrameMain): WebFrameMain[] {
  const above: WebFrameMain[] = [];
  for (let each = frame.parent; each; each = each.parent) above.push(each);
  return above;
}
