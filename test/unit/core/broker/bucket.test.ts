import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Bucket } from '../../../../src/core/broker/bucket.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const takeAll = (bucket: Bucket): number => {
  let taken = 0;
  while (bucket.take()) taken++;
  return taken;
};

it('lets through so many at once, and so many a second; what is not used is saved up to the first number', () => {
  const bucket = new Bucket(20, 4);
  expect([takeAll(bucket), takeAll(bucket)]).toEqual([20, 0]);
  vi.advanceTimersByTime(1000);
  expect(takeAll(bucket)).toBe(4);
  vi.advanceTimersByTime(3_600_000);
  expect(takeAll(bucket)).toBe(20);
});

it('says how long there is to wait, to the millisecond', () => {
  const bucket = new Bucket(1, 4);
  expect(bucket.wait).toBe(0);
  bucket.take();
  expect(bucket.wait).toBe(250);
  vi.advanceTimersByTime(100);
  expect(bucket.wait).toBe(150);
  vi.advanceTimersByTime(149);
  expect(bucket.take()).toBe(false);
  vi.advanceTimersByTime(1);
  expect(bucket.take()).toBe(true);
});

it('is full when it is as if nothing had been taken', () => {
  const bucket = new Bucket(2, 4);
  expect(bucket.full).toBe(true);
  takeAll(bucket);
  vi.advanceTimersByTime(499);
  expect(bucket.full).toBe(false);
  vi.advanceTimersByTime(1);
  expect(bucket.full).toBe(true);
});
