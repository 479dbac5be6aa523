import { pathIn } from './paths.js';

export const secrets = { peer: 'the secret of the bench', bridge: 'the secret of its bridge' };

/** Where the broker is, for those who are that. */
export function brokerIn(folder: string, role: keyof typeof secrets): { path: string; token: string } {
  return { path: pathIn(folder, 'broker'), token: secrets[role] };
}
