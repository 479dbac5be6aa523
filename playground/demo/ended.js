import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { PATIENCE_MS } from './desk.js';

/**
 * Waits until none of these processes is there any more: nobody tells who is no parent of theirs.
 *
 * @param {readonly number[]} pids
 */
export async function allEnded(pids) {
  if (pids.length === 0) throw new Error('no process is known');
  const late = performance.now() + PATIENCE_MS;
  for (let left = pids.filter(isThere); left.length > 0; left = left.filter(isThere)) {
    if (performance.now() > late) throw new Error(`still there: ${left.join(', ')}`);
    await pause(50);
  }
  return `${pids.length} processes`;
}

/** @param {number} pid */
function isThere(pid) {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return !isZombie(pid);
}

/**
 * One that has ended, and whose new parent, the system's first process, has not looked yet. In a container it may never do so.
 *
 * @param {number} pid
 */
function isZombie(pid) {
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false; // elsewhere than on Linux
  }
}
