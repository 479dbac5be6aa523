import { readFileSync, statSync } from 'node:fs';
import type { Secrets } from '../broker/secrets.js';
import { UsageError } from './usage-error.js';

const MIN_LENGTH = 16;
const OTHERS_READ = 0o044;
const MAKE_ONE = 'Make one: openssl rand -hex 32';

/**
 * Reads the secrets from the file, or, if none is given, from the environment.
 *
 * @param warn hears that others may read the file
 * @throws UsageError
 */
export function readSecrets(
  file: string | undefined,
  environment: NodeJS.ProcessEnv,
  warn: (text: string) => void,
): Secrets {
  const { peer, bridge } =
    file === undefined
      ? { peer: environment['PORTMESH_PEER_SECRET'], bridge: environment['PORTMESH_BRIDGE_SECRET'] }
      : readFile(file, warn);
  const from = (name: string): string =>
    file === undefined ? `PORTMESH_${name.toUpperCase()}_SECRET` : `"${name}" in ${file}`;
  if (peer === undefined) {
    const elsewhere = file === undefined ? ', or give --secrets-file' : '';
    throw new UsageError(`there is no secret for peers. Set ${from('peer')}${elsewhere}. ${MAKE_ONE}`);
  }
  const checked = { peer: check(peer, from('peer')) };
  if (bridge === undefined) return checked;
  if (bridge === peer)
    throw new UsageError('the two secrets are the same, but bridges may do more than peers. Give two.');
  return { ...checked, bridge: check(bridge, from('bridge')) };
}

function check(secret: unknown, where: string): string {
  if (typeof secret === 'string' && secret.length >= MIN_LENGTH) return secret;
  throw new UsageError(`${where} is no text of ${MIN_LENGTH} characters or more. ${MAKE_ONE}`);
}

function readFile(file: string, warn: (text: string) => void): { peer?: unknown; bridge?: unknown } {
  const example = 'It is to hold { "peer": "…", "bridge": "…" }.';
  let text;
  let mode;
  try {
    ({ mode } = statSync(file));
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`can't read ${file}: ${(error as Error).message}.`);
  }
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    // Not the parser's own words: they show what stands in the file.
    throw new UsageError(`${file} is no JSON. ${example}`);
  }
  if (typeof found !== 'object' || found === null || Array.isArray(found)) throw new UsageError(`${file}: ${example}`);
  for (const name of Object.keys(found)) {
    if (name !== 'peer' && name !== 'bridge') throw new UsageError(`${file}: what is "${name}"? ${example}`);
  }
  if (process.platform !== 'win32' && mode & OTHERS_READ) warn(`others may read ${file}: chmod 600 ${file}`);
  return found;
}
