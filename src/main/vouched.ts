import type { WebFrameMain } from 'electron';
import type { Vouch } from '../core/broker/asking.js';
import type { Peer, PeerProcess } from '../core/directory/peer.js';
import type { Candidate } from './candidate.js';
import { hostUrl, isReadable, placeOf, processOf, type Place } from './frames.js';

export interface Vouched {
  readonly candidate: Candidate;
  readonly place: Place;
}

/** The page that vouches: itself as a candidate, where it is, its frame, and its seat. */
export interface Voucher {
  readonly candidate: Candidate;
  readonly place: Place;
  readonly frame: WebFrameMain;
  readonly peer: Peer;
}

/**
 * A frame or worker that a page shares, as the bridge sees it: what the page says of a frame is compared with the frames that it
 * has. Which of them it is can't be told if several are of that origin. `undefined` if none is.
 *
 * @param id unique; stands for its process if that can't be told
 */
export function readVouched(
  { type, origin }: Vouch,
  name: string | undefined,
  voucher: Voucher,
  id: string,
): Vouched | undefined {
  const { candidate: owner, place } = voucher;
  const base = { name: name ?? type, type, via: voucher.peer, topOrigin: owner.topOrigin };
  if (type === 'worker') {
    const candidate = {
      ...base,
      origin: owner.origin,
      url: owner.url,
      hostUrl: owner.hostUrl,
      process: owner.process,
    };
    return { candidate, place: { ...place, frame: undefined } };
  }
  const frames = framesOf(voucher.frame, origin);
  // An opaque origin is nobody's: it gains nothing to claim it.
  if (frames.length === 0 && origin !== 'null') return undefined;
  try {
    return { candidate: { ...base, origin, ...describe(frames, owner, id) }, place: placeAmong(frames, place) };
  } catch {
    return undefined; // it is gone while it is being read
  }
}

type Described = Pick<Candidate, 'url' | 'hostUrl' | 'process' | 'frame'>;

function describe(frames: readonly WebFrameMain[], owner: Candidate, id: string): Described {
  const process = commonProcess(frames) ?? { type: 'renderer', id: `${owner.process.id}?${id}`, pid: 0 };
  const [frame] = frames;
  if (!frame || frames.length > 1) return { url: '', hostUrl: '', process };
  const webContents = owner.frame?.webContents as number;
  return {
    url: frame.url,
    hostUrl: hostUrl(frame),
    process,
    frame: { webContents, routing: frame.routingId, top: false },
  };
}

function placeAmong(frames: readonly WebFrameMain[], { frame, ancestors }: Place): Place {
  const [only] = frames;
  if (only && frames.length === 1) return placeOf(only);
  const above = frame === undefined ? ancestors : [frame, ...ancestors];
  return { frame: undefined, ancestors: above, kin: [] };
}

/** Frames of that origin that the page has: an iframe element's is right below it. */
function framesOf(page: WebFrameMain, origin: string): WebFrameMain[] {
  try {
    return page.frames.filter((frame) => isReadable(frame) && (frame.origin || 'null') === origin);
  } catch {
    return []; // the page is gone
  }
}

/** Two peers share a process only if it is known that they do. */
function commonProcess(frames: readonly WebFrameMain[]): PeerProcess | undefined {
  const processes = frames.map(processOf);
  const [first] = processes;
  return first && processes.every(({ id }) => id === first.id) ? first : undefined;
}
