import { invalid } from '../core/errors/mesh-error.js';
import { isName } from '../core/wire/frames.js';

/**
 * Grants speak of it: see docs/comlink.md.
 * @throws MeshError `INVALID_ARGUMENT`
 */
export function channelOf(call: string, name: unknown): string {
  if (!isName(name) || name.length > 248) throw invalid(call, 'a name is a text of 1 to 248 characters.');
  return `comlink:${name}`;
}
