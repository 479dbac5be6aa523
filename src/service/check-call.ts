import { Bus } from '../core/bus/bus.js';
import { invalid, show } from '../core/errors/mesh-error.js';

/**
 * Internal: what `provide` and `consume` begin with.
 * @returns the call, as its caller wrote it, up to its options: "consume('files'"
 * @throws MeshError `INVALID_ARGUMENT`
 */
export function checkCall(verb: string, bus: unknown, service: { readonly name?: unknown } | undefined): string {
  const call = `${verb}(${show(service?.name)}`;
  if (!(bus instanceof Bus) || typeof service?.name !== 'string') {
    throw invalid(`${call})`, 'the first argument is a bus, the second what defineService() returned.');
  }
  return call;
}
