import { invalid, MeshError, show } from '../core/errors/mesh-error.js';

/** @throws MeshError `INVALID_ARGUMENT` */
export function checkVersion(call: string, version: unknown): void {
  if (typeof version !== 'string' || !/^\d{1,9}(\.\d{1,9}){0,2}$/.test(version)) {
    throw invalid(call, `version ${show(version)}: give 'MAJOR.MINOR', such as '1.2'.`);
  }
}

/** Whether a user of one version can use a provider of another. Where either has none, it can. */
export function fits(user: unknown, provider: unknown): boolean {
  if (typeof user !== 'string' || typeof provider !== 'string') return true;
  const [major, minor = 0] = user.split('.').map(Number);
  const [providerMajor, providerMinor = 0] = provider.split('.').map(Number);
  return major === providerMajor && minor <= providerMinor;
}

export function mismatch(call: string, user: unknown, provider: unknown): MeshError {
  const text = `${call}: the user has version ${show(user)}, the provider ${show(provider)}. They need the same major, and the provider no smaller minor.`;
  return new MeshError('VERSION_MISMATCH', text);
}
