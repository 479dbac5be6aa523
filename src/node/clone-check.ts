import { serialize } from 'node:v8';
import type { CloneCheck } from '../core/port/electron-port.js';

/**
 * For utility processes of Electrons in which a post that fails closes its port (before 30.1.2, and 31.0): there a payload is tried
 * first. By the version, as these processes have no throw-away channel to try it on.
 *
 * @param version `process.versions.electron`
 */
export function cloneCheckFor(version = ''): CloneCheck | undefined {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  const fixed = major === 30 ? minor > 1 || (minor === 1 && patch >= 2) : major === 31 ? minor >= 1 : major > 31;
  return fixed ? undefined : (message) => void serialize(message);
}

/** For the Electron that runs this. */
export const check = cloneCheckFor(process.versions['electron']);
