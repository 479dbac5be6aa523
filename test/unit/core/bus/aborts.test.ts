import { describe, expect, it } from 'vitest';
import { Aborts } from '../../../../src/core/bus/aborts.js';
import type { Call } from '../../../../src/core/link/calls.js';
import { spy } from '../../support/spy.js';

function calls(count: number): Call[] {
  return Array.from({ length: count }, (_, i) => ({ channel: `c${i}` }) as Call);
}

function watched(): { signal: AbortSignal; controller: AbortController; count: () => number } {
  const controller = new AbortController();
  const { signal } = controller;
  let count = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: unknown[]) => (count++, add(...(args as Parameters<typeof add>)));
  signal.removeEventListener = (...args: unknown[]) => (count--, remove(...(args as Parameters<typeof remove>)));
  return { signal, controller, count: () => count };
}

describe('Aborts', () => {
  it('listens to a signal once, for however many calls, and no longer than they last', () => {
    const aborts = new Aborts(() => {});
    const { signal, count } = watched();
    const all = calls(1000);
    for (const call of all) aborts.add(signal, call);
    expect(count()).toBe(1);
    expect(aborts.size).toBe(1);
    for (const call of all.slice(1)) aborts.remove(signal, call);
    expect(count()).toBe(1);
    aborts.remove(signal, all[0]!);
    expect(count()).toBe(0);
    expect(aborts.size).toBe(0);
  });

  it('aborts the calls of the signal, in their order, and no others', () => {
    const aborted: string[] = [];
    const aborts = new Aborts((call) => aborted.push(call.channel));
    const [one, two] = [watched(), watched()];
    const [a, b, c, d] = calls(4) as [Call, Call, Call, Call];
    aborts.add(one.signal, a);
    aborts.add(two.signal, b);
    aborts.add(one.signal, c);
    aborts.add(one.signal, d);
    aborts.remove(one.signal, c);
    one.controller.abort();
    expect(aborted).toEqual(['c0', 'c3']);
  });

  it('may lose calls while it aborts, as they are settled then', () => {
    const { signal, controller, count } = watched();
    const seen = spy();
    const aborts = new Aborts((call) => {
      seen(call);
      aborts.remove(signal, call);
    });
    for (const call of calls(10)) aborts.add(signal, call);
    controller.abort();
    expect(seen).toHaveBeenCalledTimes(10);
    expect([aborts.size, count()]).toEqual([0, 0]);
  });

  it('knows a call once, and overlooks one it never had', () => {
    const aborted = spy();
    const aborts = new Aborts(aborted);
    const { signal, controller, count } = watched();
    const [a, b] = calls(2) as [Call, Call];
    aborts.remove(signal, a);
    aborts.add(signal, a);
    aborts.add(signal, a);
    aborts.remove(signal, b);
    expect(count()).toBe(1);
    controller.abort();
    expect(aborted).toHaveBeenCalledTimes(1);
  });

  it('listens anew to a signal that was let go', () => {
    const aborted = spy();
    const aborts = new Aborts(aborted);
    const { signal, controller, count } = watched();
    const [a, b] = calls(2) as [Call, Call];
    aborts.add(signal, a);
    aborts.remove(signal, a);
    aborts.add(signal, b);
    expect(count()).toBe(1);
    controller.abort();
    expect(aborted.mock.calls.map(([call]: unknown[]) => call)).toEqual([b]);
  });
});
