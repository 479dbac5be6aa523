import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Bus } from '../../../../src/core/bus/bus.js';
import { MeshEvent, ServedRequest } from '../../../../src/core/bus/events.js';
import { createMemoryChannel } from '../../../../src/core/port/memory-port.js';
import { rejection } from '../../../contract/case.js';
import { TestMesh } from '../../../contract/mesh.js';

// What every bus owes stands in test/contract. Here: handlers and listeners that are up to something.

let mesh: TestMesh;
let caller: Bus;
let callee: Bus;

beforeEach(async () => {
  mesh = new TestMesh({ make: () => createMemoryChannel().ports });
  [caller, callee] = [await mesh.join('caller'), await mesh.join('callee')];
});
afterEach(() => mesh.close());

function handle(handlers: Record<string, (...args: never[]) => unknown>): void {
  for (const [channel, handler] of Object.entries(handlers)) callee.handle(channel, handler as never);
}

describe('a handler', () => {
  it('gets the event and the arguments, and answers at once or later', async () => {
    const handler = vi.fn<(event: ServedRequest, n: unknown) => unknown>((_, n) =>
      n === 1 ? 'one' : Promise.resolve('other'),
    );
    handle({ ask: handler });
    expect(await Promise.all([caller.request('ask', 1), caller.request('ask', 2)])).toEqual(['one', 'other']);
    const [event, argument] = handler.mock.calls[0]!;
    expect(event).toBeInstanceOf(ServedRequest);
    expect([event.channel, event.sender, argument]).toEqual(['ask', caller.self, 1]);
  });

  it.each<[string, () => unknown]>([
    ['throws', () => { throw new RangeError('at once'); }], // prettier-ignore
    ['rejects', () => Promise.reject(new RangeError('at once'))],
    ["gives something whose 'then' throws", () => ({ then() { throw new RangeError('at once'); } })], // prettier-ignore
    ["gives something whose 'then' can't be read", () => ({ get then() { throw new RangeError('at once'); } })], // prettier-ignore
  ])('that %s rejects its call, and serves the next one', async (_, handler) => {
    handle({ ask: handler, fine: () => 1 });
    expect(await rejection(caller.request('ask'))).toMatchObject({ name: 'RangeError', message: 'at once' });
    expect(await caller.request('fine')).toBe(1);
    expect(callee.load.serving).toBe(0);
  });

  it('that gives a thenable which settles twice has answered once', async () => {
    const twice = {
      then(resolve: (value: unknown) => void, reject: (error: unknown) => void) {
        resolve('first');
        reject(new Error('second'));
        resolve('third');
      },
    };
    const problems: unknown[] = [];
    caller.onError((error) => problems.push(error));
    handle({ ask: () => twice, fine: () => 1 });
    expect(await caller.request('ask')).toBe('first');
    expect(await caller.request('fine')).toBe(1);
    expect(problems).toEqual([]);
  });

  it.each<[string, () => unknown]>([
    ['a function', () => () => {}],
    ['a promise of a function', () => Promise.resolve(() => {})],
    ['what throws when it is read', () => ({ get n() { throw new Error('not now'); } })], // prettier-ignore
  ])('that gives %s, which can not be sent, is named', async (_, handler) => {
    handle({ ask: handler });
    const error = await rejection(caller.request('ask'));
    expect(error).toMatchObject({ code: 'NOT_CLONEABLE' });
    expect(error.message).toMatch(/^handle\('ask'\): its result can't be sent: /);
  });

  it.each<[string, unknown]>([
    ['a function', () => {}],
    ['an error whose message throws', Object.defineProperty(new Error('x'), 'message', { get() { throw new Error('not now'); } })], // prettier-ignore
  ])('that throws %s still rejects its call', async (_, thrown) => {
    handle({
      ask: () => {
        throw thrown;
      },
      later: () => Promise.reject(thrown as Error),
    });
    for (const channel of ['ask', 'later']) {
      expect(await rejection(caller.request(channel))).toMatchObject({ code: 'NOT_CLONEABLE' });
    }
  });
});

describe('an event', () => {
  it('reaches its listeners with the sender; the last once of a channel ends the subscription', async () => {
    const listener = vi.fn<(event: MeshEvent, ...args: unknown[]) => void>();
    callee.once('e', listener);
    await callee.subscribe('other', () => {});
    caller.send('e', 'a', 'b');
    await caller.drain();
    expect(listener).toHaveBeenCalledExactlyOnceWith(expect.any(MeshEvent), 'a', 'b');
    expect(listener.mock.calls[0]![0]).toMatchObject({ channel: 'e', sender: caller.self });
    await rejection(caller.request('nobody'));
    expect(caller.peers.listening('e')).toEqual([]);
  });

  it('whose last once adds another listener leaves the channel listened to', async () => {
    const second = vi.fn<() => void>();
    callee.once('e', () => callee.on('e', second));
    await callee.subscribe('other', () => {});
    for (let i = 0; i < 2; i++) {
      caller.send('e');
      await caller.drain();
    }
    expect(second).toHaveBeenCalledTimes(1);
    expect(caller.peers.listening('e')).toEqual([callee.self]);
  });
});
