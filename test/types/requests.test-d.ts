import { transfer, type MeshEvent, type Registration, type RequestEvent } from 'portmesh';
import { describe, expectTypeOf, test } from 'vitest';
import { bus } from './channels.js';

describe('request', () => {
  test('takes a request channel and its arguments, and resolves with its result', () => {
    expectTypeOf(bus.request('doc:render', '42', 2)).not.toBeAny();
    expectTypeOf(bus.request('doc:render', '42', 2)).toEqualTypeOf<Promise<Uint8Array>>();
    expectTypeOf(bus.request('doc:find', 'a')).toEqualTypeOf<Promise<string[]>>();
    expectTypeOf(bus.request('doc:find', 'a', { limit: 1 })).toEqualTypeOf<Promise<string[]>>();
    expectTypeOf(bus.request('doc:close', '42')).toEqualTypeOf<Promise<void>>();
    const viewer = bus.to({ id: 'a.1' }).with({ timeout: Infinity, wait: 100, signal: new AbortController().signal });
    expectTypeOf(viewer.request('doc:render', '42', 2)).not.toBeAny();
    expectTypeOf(viewer.request('doc:render', '42', 2)).toEqualTypeOf<Promise<Uint8Array>>();
    void bus.request('doc:render', transfer('42', []), 2);
  });

  test('takes no other channel', () => {
    // @ts-expect-error there is no such channel
    void bus.request('doc:print', '42');
    // @ts-expect-error an event
    void bus.request('doc:saved', '42');
    // @ts-expect-error a stream
    void bus.request('log:tail', 'a.log');
    // @ts-expect-error a port
    void bus.request('video', { codec: 'h264' });
  });

  test('takes no other arguments', () => {
    // @ts-expect-error one is missing
    void bus.request('doc:render', '42');
    // @ts-expect-error one too many
    void bus.request('doc:render', '42', 2, 3);
    // @ts-expect-error a string is no number
    void bus.request('doc:render', '42', '2');
    // @ts-expect-error marked, it still has to be the right thing
    void bus.request('doc:render', '42', transfer('2', []));
    // @ts-expect-error a member is missing
    void bus.request('doc:find', 'a', {});
  });

  test('takes no other option', () => {
    // @ts-expect-error there is no such option
    bus.with({ timeOut: 1 });
    // @ts-expect-error milliseconds
    bus.with({ timeout: '1s' });
    // @ts-expect-error neither a name nor a peer
    bus.to(42);
  });
});

describe('handle', () => {
  test('gives the event and the arguments', () => {
    const registration = bus.handle('doc:render', (event, id, scale) => {
      expectTypeOf(event).not.toBeAny();
      expectTypeOf(event).toEqualTypeOf<RequestEvent>();
      expectTypeOf(event).toExtend<MeshEvent>();
      expectTypeOf<keyof typeof event>().toEqualTypeOf<'channel' | 'sender' | 'signal'>();
      expectTypeOf(event.signal).not.toBeAny();
      expectTypeOf(event.signal).toEqualTypeOf<AbortSignal>();
      expectTypeOf(id).not.toBeAny();
      expectTypeOf(id).toEqualTypeOf<string>();
      expectTypeOf(scale).toEqualTypeOf<number>();
      return new Uint8Array(4);
    });
    expectTypeOf(registration).not.toBeAny();
    expectTypeOf(registration).toEqualTypeOf<Registration>();
  });

  test('takes what is answered at once, later, or moved', () => {
    bus.handle('doc:render', async () => new Uint8Array(4));
    bus.handle('doc:render', () => {
      const bytes = new Uint8Array(4);
      return transfer(bytes, [bytes.buffer]);
    });
    bus.handle('doc:render', async (_event, id) => {
      const bytes = new Uint8Array(id.length);
      return id === '' ? bytes : transfer(bytes, [bytes.buffer]);
    });
    bus.handle('doc:close', () => {});
    bus.handle('doc:close', async () => {});
    bus.handle('doc:find', () => ['a']);
  });

  test('takes no other channel', () => {
    // @ts-expect-error there is no such channel
    bus.handle('doc:print', () => {});
    // @ts-expect-error an event
    bus.handle('doc:saved', () => {});
    // @ts-expect-error a stream's handler returns what items can be taken from
    bus.handle('log:tail', async () => 42);
    // @ts-expect-error a port
    bus.handle('video', () => {});
  });

  test('takes no other handler', () => {
    // @ts-expect-error the wrong result
    bus.handle('doc:render', () => 'bytes');
    // @ts-expect-error the wrong result, later
    bus.handle('doc:render', async () => 'bytes');
    // @ts-expect-error the wrong result, moved
    bus.handle('doc:render', () => transfer('bytes', []));
    // @ts-expect-error no result
    bus.handle('doc:render', () => {});
    // @ts-expect-error there is no third argument
    bus.handle('doc:render', (_event, _id, _scale, _more) => new Uint8Array(4));
    // @ts-expect-error a number is no string
    bus.handle('doc:render', (_event, _id: string, _scale: string) => new Uint8Array(4));
  });
});
