import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Answered } from '../../../../src/core/broker/answered.js';
import { askOwner, type OwnerWay } from '../../../../src/core/broker/asker.js';
import { ANSWER, ASK, readAsk } from '../../../../src/core/broker/asking.js';
import { WIRE_VERSION } from '../../../../src/core/wire/frames.js';
import { rejection } from '../../../contract/case.js';
import { spy } from '../../support/spy.js';

const nonce = '0123456789abcdef';
const options = { call: "connect({ name: 'x' })", timeout: 10_000, nonce, name: 'x', unanswered: 'Do this.' };

/** An owner in the test's hands. */
class Owner implements OwnerWay {
  readonly asks: unknown[][] = [];
  listening = 0;
  #listener: ((data: unknown, ports: readonly object[]) => boolean) | undefined;

  post(message: readonly unknown[]): void {
    this.asks.push([...message]);
  }

  listen(listener: (data: unknown, ports: readonly object[]) => boolean): () => void {
    this.#listener = listener;
    this.listening++;
    return () => {
      this.#listener = undefined;
      this.listening--;
    };
  }

  say(data: unknown, ...ports: object[]): boolean | undefined {
    return this.#listener?.(data, ports);
  }
}

let owner: Owner;
beforeEach(() => {
  vi.useFakeTimers();
  owner = new Owner();
});
afterEach(() => void vi.useRealTimers());

function port() {
  return { close: spy() };
}

describe('askOwner', () => {
  it('asks at once, and then ever less often, until it is answered; then nothing of it is left', async () => {
    const asking = askOwner(owner, options);
    const at: number[] = [0];
    const start = Date.now();
    for (let count = 1; Date.now() < start + 5000; vi.advanceTimersByTime(10)) {
      if (owner.asks.length > count) at.push(Date.now() - start);
      count = owner.asks.length;
    }
    expect(at).toEqual([0, 50, 150, 350, 750, 1550, 2550, 3550, 4550]);
    expect(owner.asks.every((each) => JSON.stringify(each) === JSON.stringify(owner.asks[0]))).toBe(true);
    expect(readAsk(owner.asks[0])).toEqual({ nonce, name: 'x', version: WIRE_VERSION, vouch: undefined, document: 0 });
    const given = port();
    expect(owner.say([ANSWER, nonce], given)).toBe(true);
    expect(await asking).toBe(given);
    expect(given.close).not.toHaveBeenCalled();
    expect([owner.listening, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it('passes on what it was told to ask for', () => {
    const vouch = { type: 'worker', origin: '', grant: { send: ['a'] }, share: nonce, document: 0 } as const;
    void askOwner(owner, { ...options, name: undefined, version: 7, vouch, document: 12.5 });
    expect(owner.asks).toEqual([[ASK, nonce, undefined, 7, vouch, 12.5]]);
  });

  it('sends a port of its own behind the answer, where it can: the very ask, once', async () => {
    const [near, far] = [port(), port()];
    const sent: unknown[] = [];
    const asking = askOwner(
      Object.assign(owner, {
        channel: () => [near, far] as const,
        post: (message: unknown[], given?: object) =>
          void (given ? sent.push(message, given) : owner.asks.push(message)),
      }),
      options,
    );
    vi.advanceTimersByTime(50);
    expect([owner.asks.length, sent]).toEqual([2, []]);
    const stray = port();
    expect(owner.say([ANSWER, nonce], stray)).toBe(true);
    expect(await asking).toBe(near);
    expect(sent).toEqual([owner.asks[0], far]);
    expect([near, far, stray].map(({ close }) => close.mock.calls.length)).toEqual([0, 0, 1]);
    expect([owner.listening, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it("takes no other's answer, and none without a port", async () => {
    const asking = askOwner(owner, options);
    const other = port();
    const others: unknown[] = ['text', null, [ANSWER], [ANSWER, 'another nonce.....'], [ASK, nonce], { 0: ANSWER }];
    for (const data of others) expect(owner.say(data, other)).toBe(false);
    expect(owner.say([ANSWER, nonce])).toBe(true);
    expect(other.close, 'not ours to close').not.toHaveBeenCalled();
    const [given, more] = [port(), port()];
    owner.say([ANSWER, nonce], given, more);
    expect(await asking).toBe(given);
    expect(more.close).toHaveBeenCalledOnce();
  });

  it('gives up after its time-out, says what to do, and closes a port that comes too late', async () => {
    const asking = rejection(askOwner(owner, { ...options, timeout: 300 }));
    vi.advanceTimersByTime(300);
    expect(await asking).toMatchObject({
      code: 'TIMEOUT',
      message: "connect({ name: 'x' }): no answer within 300 ms. Do this.",
    });
    const asked = owner.asks.length;
    const late = port();
    vi.advanceTimersByTime(500);
    expect(owner.say([ANSWER, nonce], late)).toBe(true);
    expect(late.close).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(1000);
    expect([owner.listening, vi.getTimerCount(), owner.asks.length - asked]).toEqual([0, 0, 0]);
  });

  it('waits for ever if it is told to', () => {
    void askOwner(owner, { ...options, timeout: Infinity });
    vi.advanceTimersByTime(100_000);
    expect(owner.asks.length).toBeGreaterThan(100);
    expect(vi.getTimerCount()).toBe(1);
  });

  it('gives up when its signal aborts, before it has asked or after', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const removed = vi.spyOn(signal, 'removeEventListener');
    const asking = rejection(askOwner(owner, { ...options, signal }));
    controller.abort('changed my mind');
    expect(await asking).toMatchObject({ code: 'ABORTED', cause: 'changed my mind' });
    expect(removed).toHaveBeenCalledOnce();
    const asked = owner.asks.length;
    expect(await rejection(askOwner(owner, { ...options, signal }))).toMatchObject({ code: 'ABORTED' });
    expect(owner.asks).toHaveLength(asked);
    vi.advanceTimersByTime(1000);
    expect([owner.listening, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it('rejects with what the way throws', async () => {
    owner.post = () => {
      throw new SyntaxError('no such origin');
    };
    expect(await rejection(askOwner(owner, options))).toBeInstanceOf(SyntaxError);
    vi.advanceTimersByTime(1000);
    expect([owner.listening, vi.getTimerCount()]).toEqual([0, 0]);
  });
});

describe('Answered', () => {
  it('knows the first ask of a nonce, unless it is told to forget it', () => {
    const answered = new Answered();
    expect([answered.first('a'), answered.first('a'), answered.first('b'), answered.first('a')]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    answered.forget('a');
    expect(answered.first('a')).toBe(true);
  });

  it('remembers the last ones, not all', () => {
    const answered = new Answered(2000);
    for (let i = 0; i < 4000; i++) {
      if (i === 2000) vi.advanceTimersByTime(3_600_000);
      expect(answered.first(`${i}`)).toBe(true);
    }
    vi.advanceTimersByTime(3_600_000);
    expect([answered.first('3999'), answered.first('1500'), answered.first('0')]).toEqual([false, false, true]);
  });

  it('takes one port for each ask that it has answered', () => {
    const answered = new Answered();
    answered.first('a');
    expect(['a', 'a', 'b'].map((nonce) => answered.takes(nonce))).toEqual([true, false, false]);
    expect(answered.first('a')).toBe(false);
  });

  it('answers 200 at once, then ten a second: an asker that is not answered asks again', () => {
    const answered = new Answered();
    const ask = (): number => Array.from({ length: 300 }, (_, i) => answered.first(`${i}`)).filter(Boolean).length;
    expect([ask(), ask()]).toEqual([200, 0]);
    vi.advanceTimersByTime(1000);
    expect(ask()).toBe(10);
  });
});
