import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { forwardEvents } from '../../../src/service/emitter.js';

it("forwards an emitter's events, and leaves its own listeners, results and errors as they are", () => {
  const emitter = new EventEmitter();
  const got: unknown[] = [];
  const end = forwardEvents(emitter, (name, args) => got.push([name, ...args]));
  emitter.on('changed', (path) => got.push(`own ${path}`));
  expect(emitter.emit('changed', 'a', 1)).toBe(true);
  expect(emitter.emit('nobody')).toBe(false);
  emitter.emit(Symbol('internal'));
  expect(() => emitter.emit('error', new Error('unheard'))).toThrow('unheard');
  expect(got).toEqual([['changed', 'a', 1], 'own a', ['nobody'], ['error', new Error('unheard')]]);
  end();
  emitter.emit('changed', 'b');
  expect(got.slice(4)).toEqual(['own b']);
  expect(Object.hasOwn(emitter, 'emit')).toBe(false);
});

it('tells each of several, and undoes itself with the last, in any order', () => {
  const emitter = new EventEmitter();
  const got: string[] = [];
  const ends = ['one', 'two'].map((who) => forwardEvents(emitter, () => got.push(who)));
  emitter.emit('x');
  ends[0]?.();
  emitter.emit('x');
  ends[1]?.();
  emitter.emit('x');
  expect(got).toEqual(['one', 'two', 'two']);
  expect(Object.hasOwn(emitter, 'emit')).toBe(false);
});

it('leaves what somebody else has put over it', () => {
  const emitter = new EventEmitter();
  const got: string[] = [];
  const end = forwardEvents(emitter, () => got.push('ours'));
  const ours = emitter.emit;
  emitter.emit = function (this: EventEmitter, ...args: Parameters<EventEmitter['emit']>) {
    got.push('theirs');
    return ours.apply(this, args);
  };
  end();
  emitter.emit('x');
  expect(got).toEqual(['theirs']);
});

it('does nothing to what is no emitter', () => {
  const plain = { emit: 1 };
  forwardEvents(plain, () => {})();
  expect(plain).toEqual({ emit: 1 });
});
