import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { forwardEvents } from '../../../src/service/emitter.js';
import { methodsOf } from '../../../src/service/methods.js';

const names = (implementation: object, only?: readonly string[]): string[] => [
  ...methodsOf("provide('x')", implementation, only).keys(),
];

describe('S2: what can be called', () => {
  it('is own methods and those of its classes, of any prototype', () => {
    class Base {
      low() {}
      both() {}
    }
    class Derived extends Base {
      high() {}
      override both() {}
      arrow = () => {};
    }
    expect(names(new Derived()).sort()).toEqual(['arrow', 'both', 'high', 'low']);
    expect(names(Object.assign(Object.create(null), { bare() {} }))).toEqual(['bare']);
    expect(names({ async later() {}, *lazily() {}, plain: 1, [Symbol.iterator]() {} })).toEqual(['later', 'lazily']);
  });

  it('is nothing of Object, no accessor, and nothing with the name of either', () => {
    class Odd {
      get accessor() {
        throw new Error('it was read');
      }
      set accessor(_) {}
      toString() {
        return '';
      }
      valueOf() {}
      hasOwnProperty() {}
      then() {}
      toJSON() {}
      _private() {}
      $own() {}
      ok() {}
    }
    expect(names(new Odd())).toEqual(['ok']);
    expect(names(JSON.parse('{"__proto__": 1}'))).toEqual([]);
  });

  it('is no method that is hidden by something nearer', () => {
    class Base {
      hidden() {}
      replaced() {}
    }
    class Derived extends Base {}
    Object.defineProperty(Derived.prototype, 'hidden', { get: () => () => {} });
    const derived = Object.assign(new Derived(), { replaced: 'text' });
    expect(names(derived)).toEqual([]);
  });

  it("is nothing of the platform's classes, and nothing that an emitter is", () => {
    class Emitting extends EventEmitter {
      work() {}
    }
    class Target extends EventTarget {
      work() {}
    }
    class Table extends Map {
      work() {}
    }
    expect(names(new Emitting())).toEqual(['work']);
    expect(names(new Target())).toEqual(['work']);
    expect(names(new Table())).toEqual(['work']);
  });

  it('is nothing that makes an emitter of another kind: a base class, the very class, or the object itself', () => {
    class Base {
      on() {}
      once() {}
      onAny() {}
      off() {}
      emit() {}
      emitSerial() {}
      clearListeners() {}
    }
    class Derived extends Base {
      work() {}
      onward() {}
      addChangeListener() {}
    }
    class Own {
      on() {}
      off() {}
      emit() {}
      work() {}
    }
    const small = { on() {}, off() {}, emit() {}, all: new Map(), work() {} };
    expect(names(new Derived())).toEqual(['work', 'onward', 'addChangeListener']);
    expect(names(new Own())).toEqual(['work']);
    expect(names(small)).toEqual(['work']);
    expect(() => names(small, ['emit'])).toThrow(/no method 'emit'/);
    expect(names({ on() {}, work() {} })).toEqual(['on', 'work']);
  });

  it("is no `emit` that stands in the place of an emitter's while its events are told", () => {
    class Emitting extends EventEmitter {
      work() {}
    }
    const emitting = new Emitting();
    const end = forwardEvents(emitting, () => {});
    expect(names(emitting)).toEqual(['work']);
    expect(() => names(emitting, ['emit'])).toThrow(/no method 'emit'/);
    end();
    expect(names(emitting)).toEqual(['work']);
  });

  it('is no class', () => {
    expect(names({ Inner: class {}, make() {} })).toEqual(['make']);
  });

  it('is what `methods` leaves of it', () => {
    const implementation = { a() {}, b() {}, _c() {} };
    expect(names(implementation, ['b'])).toEqual(['b']);
    expect(() => names(implementation, ['_c'])).toThrow(/no method '_c'/);
    expect(() => names(implementation, ['constructor'])).toThrow(/no method 'constructor'/);
  });
});
