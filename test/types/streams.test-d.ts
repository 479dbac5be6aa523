import { type MeshEvent, type MeshPort, type MeshStream, type Registration, type RequestEvent } from 'portmesh';
import { describe, expectTypeOf, test } from 'vitest';
import { bus } from './channels.js';

describe('stream', () => {
  test('takes a stream channel and its arguments, and yields its items', () => {
    expectTypeOf(bus.stream('log:tail', 'a.log')).not.toBeAny();
    expectTypeOf(bus.stream('log:tail', 'a.log')).toEqualTypeOf<MeshStream<string>>();
    expectTypeOf(bus.to('viewer').with({ timeout: 500 }).stream('log:tail', 'a.log')).toEqualTypeOf<
      MeshStream<string>
    >();
    expectTypeOf(bus.stream('log:tail', 'a.log').readable()).toEqualTypeOf<ReadableStream<string>>();
    expectTypeOf(bus.stream('log:tail', 'a.log').next()).resolves.toEqualTypeOf<IteratorResult<string, undefined>>();
  });

  test('takes nothing else', () => {
    // @ts-expect-error there is no such channel
    bus.stream('log:head', 'a.log');
    // @ts-expect-error a request
    bus.stream('doc:render', '42', 2);
    // @ts-expect-error one is missing
    bus.stream('log:tail');
    // @ts-expect-error a number is no string
    bus.stream('log:tail', 42);
  });

  test('is handled by whatever items can be taken from', () => {
    const registration = bus.handle('log:tail', async function* (event, file) {
      expectTypeOf(event).toEqualTypeOf<RequestEvent>();
      expectTypeOf(file).not.toBeAny();
      expectTypeOf(file).toEqualTypeOf<string>();
      yield file;
    });
    expectTypeOf(registration).toEqualTypeOf<Registration>();
    bus.handle('log:tail', () => ['a', 'b']);
    bus.handle('log:tail', async () => new ReadableStream<string>());
    // @ts-expect-error items are strings
    bus.handle('log:tail', () => [1, 2]);
    // @ts-expect-error nothing to take items from
    bus.handle('log:tail', () => 42);
  });
});

describe('openPort and onPort', () => {
  test('take a port channel and its arguments', () => {
    expectTypeOf(bus.openPort('video', { codec: 'h264' })).not.toBeAny();
    expectTypeOf(bus.openPort('video', { codec: 'h264' })).resolves.toEqualTypeOf<MeshPort>();
    const registration = bus.onPort('video', (event, port, meta) => {
      expectTypeOf(event).toEqualTypeOf<MeshEvent>();
      expectTypeOf(port).not.toBeAny();
      expectTypeOf(port).toEqualTypeOf<MeshPort>();
      expectTypeOf(meta).toEqualTypeOf<{ codec: string }>();
      port.onmessage = ({ data, ports }) => {
        expectTypeOf(data).toBeUnknown();
        expectTypeOf(ports).toEqualTypeOf<readonly MeshPort[]>();
        port.postMessage(data, [...ports]);
      };
    });
    expectTypeOf(registration).toEqualTypeOf<Registration>();
  });

  test('take nothing else', () => {
    // @ts-expect-error a stream
    void bus.openPort('log:tail', 'a.log');
    // @ts-expect-error one is missing
    void bus.openPort('video');
    // @ts-expect-error an event
    bus.onPort('doc:saved', () => {});
    // @ts-expect-error requests are handled
    bus.onPort('doc:render', () => {});
    // @ts-expect-error ports are not handled, but taken
    bus.handle('video', () => {});
  });
});
