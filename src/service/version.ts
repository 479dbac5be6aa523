import type { Peer } from '../core/directory/peer.js';
import { MeshError, show } from '../core/errors/mesh-error.js';

/**
 * Whether a user of one version can use a provider of another. Where either has none, it can.
 * @param who the provider, where the call doesn't name it
 * @throws MeshError `VERSION_MISMATCH`
 */
export function checkFit(call: string, user: unknown, provider: unknown, who?: Peer): void {
  if (user === provider || typeof user !== 'string' || typeof provider !== 'string') return;
  const [major, minor = 0] = user.split('.').map(Number);
  const [providerMajor, providerMinor = 0] = provider.split('.').map(Number);
  if (major === providerMajor && minor <= providerMinor) return;
  const needs = `version ${show(user)} needs a provider of the same major, and no smaller minor`;
  const has = `${who ? `${who.name} (${who.id})` : 'It'} has ${show(provider)}`;
  throw new MeshError('VERSION_MISMATCH', `${call}: ${needs}. ${has}.`);
}
