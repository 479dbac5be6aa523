import { invalid } from '../core/errors/mesh-error.js';

/** Grants speak of it: see docs/comlink.md. */
const PREFIX = 'comlink:';

/** @throws MeshError `INVALID_ARGUMENT` */
export function channelOf(call: string, name: unknown): string {
  if (typeof name !== 'string' || name === '' || name.length > 256 - PREFIX.length) {
    throw invalid(call, `a name is a text of 1 to ${256 - PREFIX.length} characters.`);
  }
  return PREFIX + name;
}
