import { describe, expect, it, vi } from 'vitest';
import { MeshEvent, ServedRequest } from '../../../../src/core/bus/events.js';
import { peer } from '../../../contract/link-side.js';

describe('ServedRequest', () => {
  it('is an event, with the sender that the broker stamped', () => {
    const event = new ServedRequest('c', peer('a'));
    expect(event).toBeInstanceOf(MeshEvent);
    expect(event).toMatchObject({ channel: 'c', sender: peer('a') });
  });

  it('makes its signal when it is first read, and keeps it', () => {
    let made = 0;
    class Counted extends AbortController {
      constructor() {
        super();
        made++;
      }
    }
    vi.stubGlobal('AbortController', Counted);
    try {
      const event = new ServedRequest('c', peer('a'));
      event.abort('why');
      expect(made).toBe(0);
      expect(event.signal).toBe(event.signal);
      expect(made).toBe(1);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('aborts its signal, also where that is read later; the first reason counts', () => {
    const before = new ServedRequest('c', peer('a'));
    const { signal } = before;
    expect(signal.aborted).toBe(false);
    before.abort('first');
    before.abort('second');
    expect([signal.aborted, signal.reason]).toEqual([true, 'first']);
    const after = new ServedRequest('c', peer('a'));
    after.abort('first');
    after.abort('second');
    expect([after.signal.aborted, after.signal.reason]).toEqual([true, 'first']);
  });
});
