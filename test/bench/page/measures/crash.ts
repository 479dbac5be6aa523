import { joinMesh } from '../contenders/portmesh.js';
import { takePort } from '../ports.js';

let rejected: Promise<number> | undefined;
let closed: Promise<number> | undefined;

/** The victim: takes requests, answers none, and says when `count` of them are there. */
export async function neverAnswer(count: number): Promise<void> {
  const [bus, port] = [await joinMesh(), await takePort('victim')];
  let left = count;
  bus.handle('bench:never', () => {
    if (--left === 0) port.postMessage('all are here');
    return new Promise(() => {});
  });
  port.start();
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
  await new Promise((resolve) => (port.onmessage = resolve));
}

/** When the last call was rejected, and when the raw port was closed, by the clock. */
export async function whenGone(): Promise<{ rejected: number; closed: number }> {
  return { rejected: (await rejected) as number, closed: (await closed) as number };
}
