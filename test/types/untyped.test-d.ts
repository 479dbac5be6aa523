import { transfer, type MeshEvent, type RequestEvent } from 'portmesh';
import { expectTypeOf, test } from 'vitest';
import { untyped } from './channels.js';

test('a bus without a map takes every channel, with whatever arguments', () => {
  untyped.send('a');
  untyped.send('a', 1, 'two', { three: 3 }, transfer(new Uint8Array(1), []));
  expectTypeOf(untyped.request('a', 1)).not.toBeAny();
  expectTypeOf(untyped.request('a', 1)).resolves.toBeAny();
  untyped.on('a', (event, ...args) => {
    expectTypeOf(event).not.toBeAny();
    expectTypeOf(event).toEqualTypeOf<MeshEvent>();
    expectTypeOf(args).toEqualTypeOf<any[]>();
  });
  untyped.on('a', (_event, _id: string, _count?: number) => {});
  untyped.handle('a', (event, id: string) => {
    expectTypeOf(event).not.toBeAny();
    expectTypeOf(event).toEqualTypeOf<RequestEvent>();
    return id.length;
  });
  untyped.handle('a', async () => {});
  untyped.to('viewer').send('a', 1);
});

test('its other types are as strict as ever', () => {
  // @ts-expect-error a channel is a text
  untyped.send(42);
  // @ts-expect-error there is no such option
  untyped.with({ retries: 3 });
  // @ts-expect-error no function
  untyped.handle('a', 'b');
});
