import { describe, expect, it } from 'vitest';
import { Arrivals } from '../../../../src/core/link/arrivals.js';
import { createMemoryChannel } from '../../../../src/core/port/memory-port.js';
import { MeshPort } from '../../../../src/core/port/mesh-port.js';
import type { Port } from '../../../../src/core/port/port.js';

/** A raw port to be sent, and whether it was closed by then. */
function make() {
  const [near, raw] = createMemoryChannel().ports;
  const state = { raw, closed: false };
  near.start({ message() {}, unreadable() {}, close: () => (state.closed = true) });
  return state;
}

const adopt = (raw: object): MeshPort => new MeshPort(raw as Port, (each) => each as Port);

describe('Arrivals', () => {
  it('leaves those that have a place to whoever takes them, and closes the one that has none', async () => {
    const [placed, lost] = [make(), make()];
    const arrivals = new Arrivals(adopt);
    const [place, nowhere] = [{}, {}];
    arrivals.begin([placed.raw, lost.raw]);
    expect(arrivals.place([place, nowhere])).toBe(true);
    const [value] = arrivals.restore([{ deep: [place] }]) as [{ deep: unknown[] }];
    arrivals.take();
    arrivals.end();
    await Promise.resolve();
    expect(value.deep[0]).toBeInstanceOf(MeshPort);
    expect([placed.closed, lost.closed]).toEqual([false, true]);
  });

  it('leaves the port of a PORT frame to whoever takes it, though it stands nowhere in the arguments', async () => {
    const opened = make();
    const arrivals = new Arrivals(adopt);
    arrivals.begin([opened.raw]);
    arrivals.place([{}]);
    expect(arrivals.first()).toBeInstanceOf(MeshPort);
    arrivals.restore(['meta']);
    arrivals.take();
    arrivals.end();
    await Promise.resolve();
    expect(opened.closed).toBe(false);
  });

  it('closes one that nobody takes, though somebody took what came without ports before', async () => {
    const lost = make();
    const arrivals = new Arrivals(adopt);
    arrivals.begin([]);
    arrivals.take();
    arrivals.end();
    arrivals.begin([lost.raw]);
    arrivals.place([{}]);
    arrivals.first();
    arrivals.end();
    await Promise.resolve();
    expect(lost.closed).toBe(true);
  });

  it('closes all of them where nobody takes any', async () => {
    const [a, b] = [make(), make()];
    const arrivals = new Arrivals(adopt);
    arrivals.begin([a.raw, b.raw]);
    arrivals.end();
    const place = {};
    const c = make();
    arrivals.begin([c.raw]);
    arrivals.place([place]);
    arrivals.restore([place]);
    arrivals.end();
    await Promise.resolve();
    expect([a.closed, b.closed, c.closed]).toEqual([true, true, true]);
  });
});
