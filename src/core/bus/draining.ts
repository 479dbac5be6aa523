import type { Link } from '../link/link.js';
import { within } from '../within.js';
import { TIMEOUT_MS, type CallOptions } from './request.js';

/** Those whom an error names at most. */
const NAMED = 10;

/**
 * Waits until what was handed over to each link was dispatched at its other side. Resolves with why the first of those ended that did.
 *
 * @throws MeshError `TIMEOUT`, `ABORTED`: what waits, waits on, and nothing here waits for it
 */
export function drain(
  call: string,
  links: readonly Link[],
  { timeout = TIMEOUT_MS, signal }: CallOptions,
): Promise<unknown> {
  const open = new Set(links);
  const waits: (() => void)[] = [];
  let over = false;
  let ended: unknown;
  return within(
    { call, timeout, signal },
    () => late([...open], timeout),
    (resolve) => {
      if (open.size === 0) resolve(undefined);
      for (const link of links) {
        const end = link.drain((cause) => {
          ended ??= cause;
          open.delete(link);
          if (open.size === 0) resolve(ended);
        });
        // A post of Electron's main process runs microtasks: one of them may have aborted it.
        if (over) return end();
        waits.push(end);
      }
    },
    () => {
      over = true;
      waits.forEach((end) => end());
    },
  );
}

function late(open: readonly Link[], timeout: number): string {
  const slow = open.map(({ peer, pending }) => `${peer.name} (${pending})`);
  if (slow.length > NAMED) slow.push(`and ${slow.splice(NAMED).length} more`);
  return (
    `after ${timeout} ms, some have not dispatched all that was sent to them: ${slow.join(', ')}. They go on; ` +
    `to(peer).drain() waits for one of them, and with({ timeout: Infinity }) for ever.`
  );
}
