import { joinMesh } from '../contenders/portmesh.js';
import { sleep } from '../next-task.js';
import { takePort } from '../ports.js';

let rejected: Promise<number> | undefined;
let closed: Promise<number> | undefined;

/** The victim: takes requests, and answers none. */
export async function neverAnswer(): Promise<void> {
  const bus = await joinMesh();
  bus.handle('bench:never', () => new Promise(() => {}));
  (await takePort('victim')).start();
}

/** Puts `count` requests under way, and watches a raw port to the same page beside them. */
export async function leavePending(victim: string, count: number): Promise<void> {
  const bus = await joinMesh();
  const peer = bus.to(victim).with({ wait: 5000, timeout: 60_000 });
  const calls = Array.from({ length: count }, () => peer.request('bench:never'));
  rejected = Promise.allSettled(calls).then((results) => {
    const now = Date.now();
    for (const result of results) {
      const code = result.status === 'rejected' ? (result.reason as { code?: unknown }).code : 'an answer';
      if (code !== 'PEER_GONE') throw new Error(`PEER_GONE was due, and ${String(code)} came`);
    }
    return now;
  });
  const port = await takePort('victim');
  closed = new Promise((resolve) => port.addEventListener('close', () => resolve(Date.now())));
  port.start();
  await sleep(200);
  if (bus.to(victim).pending > 0) throw new Error('the requests have not arrived');
}

/** When the last call was rejected, and when the raw port was closed, by the clock. */
export async function whenGone(): Promise<{ rejected: number; closed: number }> {
  return { rejected: (await rejected) as number, closed: (await closed) as number };
}
