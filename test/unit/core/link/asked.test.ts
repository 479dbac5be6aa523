import { describe, expect, it } from 'vitest';
import { LinkSide } from '../../../contract/link-side.js';
import { FakePort } from '../../support/fake-port.js';
import { turn } from '../../support/turn.js';

describe('calls made over a link', () => {
  it('that have not left yet are not over, and are looked at again in time', async () => {
    const side = new LinkSide(new FakePort());
    const { promise } = side.ask({ timeout: 100 }, 'slow');
    const before = performance.now();
    // A modal dialog of Electron's, for one, runs timers before the turn ends.
    expect(side.link.sweep(before)).toBe(before + 100);
    expect(side.link.sweep(before + 1000)).toBe(before + 1100);
    await turn();
    const deadline = side.link.sweep(before);
    expect(deadline).toBeGreaterThanOrEqual(before + 100);
    expect(deadline).toBeLessThan(performance.now() + 100.001);
    expect(side.link.sweep(deadline - 0.001)).toBe(deadline);
    expect(side.link.sweep(deadline)).toBe(Infinity);
    await expect(promise).rejects.toMatchObject({ code: 'TIMEOUT' });
    side.link.end('lost');
  });
});
