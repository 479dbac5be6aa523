import { afterEach, expect, it, vi } from 'vitest';
import { createMemoryChannel } from '../../../src/core/port/memory-port.js';
import { MeshPort } from '../../../src/core/port/mesh-port.js';
import type { Port } from '../../../src/core/port/port.js';
import { rejection } from '../../contract/case.js';
import { TestMesh } from '../../contract/mesh.js';
import { spy } from '../support/spy.js';

afterEach(() => void vi.unstubAllGlobals());

it('using: a registration is undone at the end of its block, and may have been before', async () => {
  const mesh = new TestMesh({ make: () => createMemoryChannel().ports });
  const bus = await mesh.join('a');
  const onDropped = spy();
  {
    using first = bus.handle('request', () => 1);
    using second = bus.onPort('port', () => {});
    using third = bus.onDropped(onDropped);
    expect([first, second, third].map((each) => typeof each.dispose)).toEqual(['function', 'function', 'function']);
    expect(() => bus.handle('request', () => 2)).toThrow('handles the channel already');
    first.dispose();
    using again = bus.handle('request', () => 3);
    again.dispose();
  }
  bus.handle('request', () => 4).dispose();
  bus.onPort('port', () => {}).dispose();
  mesh.close();
});

it('using: a port is closed at the end of its block', async () => {
  const [near, far] = createMemoryChannel().ports;
  const closed = new Promise<string>((close) => far.start({ message() {}, unreadable() {}, close }));
  {
    using port = new MeshPort(near, (raw) => raw as Port);
    port.start();
  }
  expect(await closed).toBe('closed');
});

it('await using: a stream is ended, and a bus closed, at the end of their blocks', async () => {
  const mesh = new TestMesh({ make: () => createMemoryChannel().ports });
  const ended = spy();
  const b = await mesh.join('b');
  b.handle('forever', async function* () {
    try {
      for (;;) yield 1;
    } finally {
      ended();
    }
  });
  let left;
  {
    await using a = await mesh.join('a');
    left = a;
    {
      await using stream = a.stream('forever');
      expect(await stream.next()).toEqual({ done: false, value: 1 });
    }
    await a.drain();
    expect(ended).toHaveBeenCalledTimes(1);
  }
  expect(await left.closed).toMatchObject({ reason: 'bye', local: true });
  expect((await rejection(left.request('x'))).code).toBe('CLOSED');
  mesh.close();
});

it('where the runtime has no such symbols, nothing takes their place by name', async () => {
  vi.resetModules();
  const { iterator } = Symbol;
  vi.stubGlobal('Symbol', () => Object(iterator).constructor() as symbol);
  const { registration } = await import('../../../src/core/registration.js');
  const end = spy();
  const made = registration(end);
  vi.unstubAllGlobals();
  expect(Object.keys(made)).toEqual(['dispose']);
  expect(Symbol.dispose in made).toBe(false);
  made.dispose();
  expect(end).toHaveBeenCalledTimes(1);
});
