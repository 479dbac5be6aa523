import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import { Reports } from '../../../../src/core/bus/reports.js';
import { MeshError } from '../../../../src/core/errors/mesh-error.js';
import { peer } from '../../../contract/link-side.js';
import { spy } from '../../support/spy.js';

let console_: MockInstance;
beforeEach(() => void (console_ = vi.spyOn(console, 'error').mockImplementation(() => {})));
afterEach(() => console_.mockRestore());

const loss = (text: string): MeshError => new MeshError('PEER_GONE', text);

describe('Reports', () => {
  it('tell the console of an error that nobody listens for, and nobody else', () => {
    const reports = new Reports();
    const error = new Error('x');
    reports.failed(error, peer('a'), 'c');
    expect(console_).toHaveBeenCalledExactlyOnceWith("portmesh: 'c' from a:", error);
    const listener = spy();
    reports.onError.add(listener);
    reports.failed(error, peer('a'), undefined);
    expect(listener).toHaveBeenCalledExactlyOnceWith(error, { peer: peer('a'), channel: undefined });
    expect(console_).toHaveBeenCalledTimes(1);
  });

  it('show a channel that a peer has made up without its control characters', () => {
    new Reports().failed('x', peer('a'), 'e\u001b[2J\nportmesh: all is well');
    expect(console_).toHaveBeenCalledExactlyOnceWith("portmesh: 'e?[2J?portmesh: all is well' from a:", 'x');
  });

  it('tell all listeners of a loss, also where one throws', () => {
    const reports = new Reports();
    const second = spy();
    reports.onDropped.add(() => {
      throw new Error('of its own');
    });
    reports.onDropped.add(second);
    const error = loss('x');
    reports.dropped(peer('a'), 3, 'c', error);
    expect(second).toHaveBeenCalledExactlyOnceWith({ peer: peer('a'), count: 3, channel: 'c', error });
    expect(console_).toHaveBeenCalledTimes(1);
  });

  it('tell those who listen at the time: one that takes itself off, and puts itself on again, is told once', () => {
    const reports = new Reports();
    let told = 0;
    const again = (): void => {
      if (++told > 10) return;
      reports.onDropped.delete(again);
      reports.onDropped.add(again);
    };
    reports.onDropped.add(again);
    reports.dropped(peer('a'), 1, 'c', loss('x'));
    expect(told).toBe(1);
  });

  it('keep the first loss until it is taken', () => {
    const reports = new Reports();
    expect(reports.takeLoss()).toBeUndefined();
    const [first, second] = [loss('first'), loss('second')];
    reports.dropped(peer('a'), 1, 'c', first);
    reports.dropped(peer('a'), 1, 'c', second);
    expect(reports.takeLoss()).toBe(first);
    expect(reports.takeLoss()).toBeUndefined();
  });
});
