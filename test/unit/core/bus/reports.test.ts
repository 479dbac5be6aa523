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
    expect(reports.takeLoss(undefined)).toBeUndefined();
    const [first, second] = [loss('first'), loss('second')];
    reports.dropped(peer('a'), 1, 'c', first);
    reports.dropped(peer('b'), 1, 'c', second);
    reports.dropped(peer('a'), 1, 'c', second);
    expect(reports.takeLoss(undefined)).toBe(first);
    expect(reports.takeLoss(undefined)).toBeUndefined();
  });

  it('keep the first loss of each peer for those who take that one only', () => {
    const reports = new Reports();
    const [first, second] = [loss('first'), loss('second')];
    reports.dropped(peer('a'), 1, 'c', first);
    reports.dropped(peer('b'), 1, 'c', second);
    expect(reports.takeLoss('c')).toBeUndefined();
    expect(reports.takeLoss({ id: peer('b').id })).toBe(second);
    expect(reports.takeLoss('b')).toBeUndefined();
    expect(reports.takeLoss('a')).toBe(first);
  });

  it('keep the losses of the last 100 peers: an application that never takes them loses no memory', () => {
    const reports = new Reports();
    for (let i = 0; i < 200; i++) reports.dropped(peer(`p${i}`), 1, 'c', loss(`${i}`));
    expect(reports.takeLoss('p99')).toBeUndefined();
    expect(reports.takeLoss('p199')?.message).toBe('199');
    expect(reports.takeLoss(undefined)?.message).toBe('100');
  });
});
