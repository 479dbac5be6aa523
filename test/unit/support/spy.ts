import { vi, type Mock } from 'vitest';

type AnyFunction = (...args: any[]) => any;

/** A function that writes down its calls. */
export function spy<F extends AnyFunction = AnyFunction>(implementation?: F): Mock<F> {
  return implementation ? vi.fn<F>(implementation) : vi.fn<F>();
}
