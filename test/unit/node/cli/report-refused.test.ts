import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { reportRefused } from '../../../../src/node/cli/report-refused.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('reports who is refused, and of many in a second how many', () => {
  const lines: string[] = [];
  const refused = reportRefused((line) => void lines.push(line));
  const error = new Error('refused: wrong secret.');
  refused(error, '/run/mesh');
  expect(lines).toEqual(['/run/mesh: refused: wrong secret.']);
  for (let n = 0; n < 200; n++) refused(error, '127.0.0.1:9');
  expect(lines).toHaveLength(10);
  vi.advanceTimersByTime(1000);
  expect(lines.slice(10)).toEqual(['refused 191 more']);
  refused(error, '/run/mesh');
  vi.advanceTimersByTime(1000);
  expect(lines).toHaveLength(12);
  expect(vi.getTimerCount()).toBe(0);
});

it('what strangers say makes no line of its own', () => {
  const lines: string[] = [];
  reportRefused((line) => void lines.push(line))(new Error("refused: no such peer: 'x\nportmesh: \u001b[2Jä'."), '::1');
  expect(lines).toEqual(["::1: refused: no such peer: 'x\\x0aportmesh: \\x1b[2Jä'."]);
});
