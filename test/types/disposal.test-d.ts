import type { Bus, MeshPort, MeshStream, Registration } from 'portmesh';
import type { connect, share } from 'portmesh/renderer';
import { expectTypeOf, test } from 'vitest';
import { bus } from './channels.js';

test('what is undone, closed or ended can be declared with `using`', async () => {
  using handling = bus.handle('doc:render', async () => new Uint8Array());
  using taking = bus.onPort('video', (_, port) => port.close());
  expectTypeOf(handling).toEqualTypeOf<Registration>();
  expectTypeOf(taking).toEqualTypeOf<Registration>();
  using port = await bus.openPort('video', { codec: 'h264' });
  expectTypeOf(port).toEqualTypeOf<MeshPort>();
  await using stream = bus.stream('log:tail', 'a.log');
  expectTypeOf(stream).toEqualTypeOf<MeshStream<string>>();
});

test('a bus, and what is shared', () => {
  expectTypeOf<Bus>().toExtend<AsyncDisposable>();
  expectTypeOf<Awaited<ReturnType<typeof connect>>>().toExtend<AsyncDisposable>();
  expectTypeOf<ReturnType<typeof share>>().toExtend<Disposable>();
  expectTypeOf<Bus>().not.toExtend<Disposable>();
});
