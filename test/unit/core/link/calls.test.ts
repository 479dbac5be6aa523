import { describe, expect, it } from 'vitest';
import { abortError, describeCall, fail, goneError, timeoutError, type Call } from '../../../../src/core/link/calls.js';
import { PORT, REQUEST, STREAM } from '../../../../src/core/wire/frames.js';
import { peer } from '../../../contract/link-side.js';
import { spy } from '../../support/spy.js';

function call(more: Partial<Call> = {}): Call {
  return {
    kind: REQUEST,
    channel: 'doc:render',
    started: undefined,
    copies: undefined,
    timeout: 500,
    signal: undefined,
    link: undefined,
    id: 0,
    resolve() {},
    ...more,
  };
}

describe('an error of a call', () => {
  it('names the call, and the peer where one is known', () => {
    expect(describeCall(call())).toBe("request('doc:render')");
    const link = { peer: peer('viewer'), cancel() {}, abandon() {}, credit() {} };
    expect(describeCall(call({ link }))).toBe("request('doc:render') to viewer (id-viewer)");
    expect(describeCall(call({ kind: STREAM, link }))).toBe("stream('doc:render') to viewer (id-viewer)");
    expect(describeCall(call({ kind: PORT, link }))).toBe("openPort('doc:render') to viewer (id-viewer)");
  });

  it('says how long was waited, and how to wait longer', () => {
    const link = { peer: peer('viewer'), cancel() {}, abandon() {}, credit() {} };
    expect(timeoutError(call({ link }))).toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringMatching(
        /^request\('doc:render'\) to viewer \(id-viewer\): no answer after 500 ms\. The peer is told to stop.*with\({ timeout }\)/,
      ),
    });
  });

  it('of a call that nobody has taken, speaks of no peer and no handler that would be at work', () => {
    expect(timeoutError(call())).toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringMatching(/^request\('doc:render'\): no answer after 500 ms\. Nobody .*with\({ timeout }\)/),
    });
  });

  it("has the signal's reason for its cause", () => {
    const error = abortError(call({ signal: AbortSignal.abort('why') }));
    expect(error).toMatchObject({ code: 'ABORTED', cause: 'why' });
  });

  it('says why the peer is gone', () => {
    expect(goneError('send to b', 'crashed')).toMatchObject({
      code: 'PEER_GONE',
      reason: 'crashed',
      message: 'send to b: the peer is gone (crashed).',
    });
  });
});

describe('fail', () => {
  it("makes the error once, in the caller's chain of awaits", async () => {
    const make = spy(() => new Error('failed'));
    async function caller(): Promise<unknown> {
      return await new Promise((resolve) => fail({ resolve }, make));
    }
    const error = await caller().catch((each: Error) => each);
    expect(make).toHaveBeenCalledTimes(1);
    expect((error as Error).stack).toMatch(/at (async )?caller /);
  });

  it('rejects with what is no error too', async () => {
    await expect(new Promise((resolve) => fail({ resolve }, () => undefined))).rejects.toBeUndefined();
  });
});
