import { invalid } from '../core/errors/mesh-error.js';
import { isName } from '../core/wire/frames.js';

/** @throws MeshError `INVALID_ARGUMENT` */
export function channelOf(call: string, name: unknown): string {
  // Grants speak of it: see docs/comlink.md.
  const channel = `comlink:${isName(name) ? name : ''}`;
  if (channel.length < 9 || !isName(channel)) throw invalid(call, 'a name is a text of 1 to 248 characters.');
  return channel;
}
