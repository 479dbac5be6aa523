import { expect, it } from 'vitest';
import { backoff } from '../../../../src/node/client/backoff.js';

const attempts = [1, 2, 3, 4, 5, 6, 7, 8, 9, 100, 5000];

it('doubles from 50 ms to 5 s, and stays there', () => {
  expect(attempts.map((attempt) => backoff(attempt, () => 1))).toEqual([
    50, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000,
  ]);
});

it('leaves up to half of it to chance', () => {
  expect(attempts.map((attempt) => backoff(attempt, () => 0))).toEqual([
    25, 50, 100, 200, 400, 800, 1600, 2500, 2500, 2500, 2500,
  ]);
  for (let i = 0; i < 100; i++) expect(Math.abs(backoff(3) - 150)).toBeLessThanOrEqual(50);
});
