import assert from 'node:assert';
import { EventEmitter } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Listeners } from '../../../../src/core/bus/listeners.js';
import { turn } from '../../support/turn.js';
import { spy } from '../../support/spy.js';

type AnyListener = (...args: unknown[]) => unknown;

/** What both can do. */
interface Emitter {
  add(name: string, listener: AnyListener, options: { once: boolean; first: boolean }): void;
  remove(name: string, listener: AnyListener): void;
  removeAll(name: string): void;
  emit(name: string, ...args: unknown[]): void;
  look(name: string): unknown;
}

function ours(): Emitter {
  const listeners = new Listeners();
  return {
    add: (name, listener, options) => listeners.add(name, listener, options),
    remove: (name, listener) => listeners.remove(name, listener),
    removeAll: (name) => listeners.removeAll(name),
    emit: (name, ...args) =>
      listeners.call(name, args, (error) => {
        throw error;
      }),
    look: (name) => [listeners.of(name), listeners.count(name), listeners.names()],
  };
}

function nodes(): Emitter {
  const emitter = new EventEmitter();
  emitter.setMaxListeners(0);
  return {
    add(name, listener, { once, first }) {
      if (first) emitter[once ? 'prependOnceListener' : 'prependListener'](name, listener);
      else emitter[once ? 'once' : 'on'](name, listener);
    },
    remove: (name, listener) => emitter.off(name, listener),
    removeAll: (name) => emitter.removeAllListeners(name),
    emit: (name, ...args) => emitter.emit(name, ...args),
    look: (name) => [emitter.listeners(name), emitter.listenerCount(name), emitter.eventNames()],
  };
}

const name = fc.constantFrom('a', 'b');
const which = fc.nat(3);
const change = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('add' as const), name, which, once: fc.boolean(), first: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), name, which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('removeAll' as const), name }) },
);
const step = fc.oneof(
  { weight: 2, arbitrary: change },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('emit' as const), name, arg: fc.nat(9) }) },
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Runs the steps on an emitter; its four listeners make changes of their own when they are called. */
function run(emitter: Emitter, steps: readonly Step[], scripts: readonly (readonly Change[])[]): unknown[] {
  const log: unknown[] = [];
  const listeners = scripts.map((script, i): AnyListener => {
    const rest = [...script];
    return (...args) => {
      log.push(['called', i, ...args]);
      const next = rest.shift();
      if (next) make(next);
    };
  });
  const identify = (looked: unknown): unknown =>
    Array.isArray(looked)
      ? looked.map(identify)
      : typeof looked === 'function'
        ? listeners.indexOf(looked as AnyListener)
        : looked;
  function make(each: Step): void {
    if (each.do === 'add') emitter.add(each.name, listeners[each.which]!, each);
    else if (each.do === 'remove') emitter.remove(each.name, listeners[each.which]!);
    else if (each.do === 'removeAll') emitter.removeAll(each.name);
    else emitter.emit(each.name, each.arg, 'more');
  }
  for (const each of steps) {
    make(each);
    log.push(identify(emitter.look('a')), identify(emitter.look('b')));
  }
  return log;
}

describe('Listeners', () => {
  it("behave as Node's EventEmitter does, also where listeners come and go while they are called", () => {
    let called = 0;
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 30 }),
        fc.array(fc.array(change, { maxLength: 4 }), { minLength: 4, maxLength: 4 }),
        (steps, scripts) => {
          const log = run(ours(), steps, scripts);
          assert.deepEqual(log, run(nodes(), steps, scripts));
          called += log.filter((each) => Array.isArray(each) && each[0] === 'called').length;
        },
      ),
      { numRuns: 1500 },
    );
    expect(called, 'something was called at all').toBeGreaterThan(1000);
  });

  it('say when the first one of a name came, and when the last one went', () => {
    const listeners = new Listeners();
    const [f, g] = [(): void => {}, (): void => {}];
    expect(listeners.add('a', f)).toBe(true);
    expect(listeners.add('a', g)).toBe(false);
    expect(listeners.add('b', f)).toBe(true);
    expect(listeners.remove('a', f)).toBe(false);
    expect(listeners.remove('a', f)).toBe(false);
    expect(listeners.remove('a', g)).toBe(true);
    expect(listeners.remove('a', g)).toBe(false);
    expect(listeners.removeAll('a')).toBe(false);
    expect(listeners.removeAll('b')).toBe(true);
  });

  it('say when a once was the last one', () => {
    const listeners = new Listeners();
    const onError = spy();
    listeners.add('a', () => {}, { once: true });
    listeners.add('a', () => {}, { once: true });
    expect(listeners.call('a', [], onError)).toBe(true);
    expect(listeners.call('a', [], onError)).toBeUndefined();
    listeners.add('a', () => {});
    expect(listeners.call('a', [], onError)).toBe(false);
  });

  it('call the next one after one that threw, and report each error', async () => {
    const listeners = new Listeners();
    const errors: unknown[] = [];
    const last = spy();
    listeners.add('a', () => {
      throw new Error('at once');
    });
    listeners.add('a', async () => {
      throw new Error('later');
    });
    listeners.add('a', last);
    listeners.call('a', [1, 2], (error) => errors.push((error as Error).message));
    expect(last).toHaveBeenCalledWith(1, 2);
    await turn();
    expect(errors).toEqual(['at once', 'later']);
  });

  it('take names that plain objects have already', () => {
    const listeners = new Listeners();
    for (const odd of ['__proto__', 'constructor', 'toString']) {
      expect(listeners.count(odd)).toBe(0);
      expect(listeners.add(odd, () => {})).toBe(true);
    }
    expect(listeners.names()).toEqual(['__proto__', 'constructor', 'toString']);
  });
});
