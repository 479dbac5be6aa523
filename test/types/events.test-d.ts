import { transfer, type Listener, type MeshEvent, type Peer } from 'portmesh';
import { describe, expectTypeOf, test } from 'vitest';
import { bus, type AppChannels } from './channels.js';

describe('send', () => {
  test('takes an event channel and its arguments', () => {
    expectTypeOf(bus.send('doc:saved', '42')).not.toBeAny();
    expectTypeOf(bus.send('doc:saved', '42')).toEqualTypeOf<void>();
    bus.send('tick');
    bus.send('theme', 'dark');
    bus.send('doc:moved', '42', { x: 1, y: 2 });
    bus.send('doc:moved', '42', { x: 1, y: 2 }, true);
    bus.send('doc:tagged', '42');
    bus.send('doc:tagged', '42', 'a', 'b');
    bus.to('viewer').with({ timeout: 500 }).send('doc:saved', '42');
  });

  test('takes no other channel', () => {
    // @ts-expect-error there is no such channel
    bus.send('doc:save', '42');
    // @ts-expect-error a request
    bus.send('doc:render', '42', 2);
    // @ts-expect-error a stream
    bus.send('log:tail', 'a.log');
    // @ts-expect-error a port
    bus.send('video', { codec: 'h264' });
    // @ts-expect-error there is no such channel
    bus.to('viewer').send('doc:save', '42');
  });

  test('takes no other arguments', () => {
    // @ts-expect-error one is missing
    bus.send('doc:saved');
    // @ts-expect-error one too many
    bus.send('doc:saved', '42', 1);
    // @ts-expect-error a number is no string
    bus.send('doc:saved', 42);
    // @ts-expect-error one too many
    bus.send('tick', 1);
    // @ts-expect-error not one of the two
    bus.send('theme', 'blue');
    // @ts-expect-error a member is missing
    bus.send('doc:moved', '42', { x: 1 });
    // @ts-expect-error there is no z
    bus.send('doc:moved', '42', { x: 1, y: 2, z: 3 });
    // @ts-expect-error a number is no string
    bus.send('doc:tagged', '42', 'a', 1);
  });

  test('moves what transfer() marks', () => {
    const pixels = new Uint8Array(4);
    bus.send('frame', transfer(pixels, [pixels.buffer]));
    bus.send('theme', transfer('dark', []));
    bus.send('doc:moved', '42', transfer({ x: 1, y: 2 }, []), true);
    // @ts-expect-error marked, it still has to be the right thing
    bus.send('frame', transfer('pixels', []));
    // @ts-expect-error not one of the two
    bus.send('theme', transfer('blue', []));
    // @ts-expect-error the list has objects only
    bus.send('frame', transfer(pixels, ['pixels']));
    // @ts-expect-error looks like it, but isn't marked
    bus.send('doc:saved', { value: '42', list: [] });
  });
});

describe('listening', () => {
  test('gives the event and the arguments', () => {
    bus.on('doc:moved', (event, id, position, animate) => {
      expectTypeOf(event).not.toBeAny();
      expectTypeOf(event).toEqualTypeOf<MeshEvent>();
      expectTypeOf(event.sender).toEqualTypeOf<Peer>();
      expectTypeOf(id).not.toBeAny();
      expectTypeOf(id).toEqualTypeOf<string>();
      expectTypeOf(position).toEqualTypeOf<{ x: number; y: number }>();
      expectTypeOf(animate).toEqualTypeOf<boolean | undefined>();
    });
    bus.on('doc:tagged', (_event, _id, ...tags) => expectTypeOf(tags).toEqualTypeOf<string[]>());
    // What was marked arrives as itself.
    bus.on('frame', (_event, pixels) => expectTypeOf(pixels).toEqualTypeOf<Uint8Array>());
  });

  test('takes a listener that wants less, or is asynchronous', () => {
    bus.on('doc:moved', () => {});
    bus.on('doc:moved', (_event, id) => void id);
    bus.on('doc:saved', async () => {});
  });

  test('can be chained, as with EventEmitter', () => {
    const listener = (_event: MeshEvent, id: string): void => void id;
    expectTypeOf(bus.on('doc:saved', listener)).not.toBeAny();
    expectTypeOf(bus.on('doc:saved', listener)).toEqualTypeOf<typeof bus>();
    bus
      .once('doc:saved', listener)
      .addListener('doc:saved', listener)
      .prependListener('doc:saved', listener)
      .prependOnceListener('doc:saved', listener)
      .off('doc:saved', listener)
      .removeListener('doc:saved', listener)
      .removeAllListeners('doc:saved')
      .removeAllListeners();
    expectTypeOf(bus.listenerCount('doc:saved')).toEqualTypeOf<number>();
    expectTypeOf(bus.listeners('doc:saved')).not.toBeAny();
    expectTypeOf(bus.listeners('doc:saved')).toEqualTypeOf<Listener<AppChannels['doc:saved']>[]>();
    expectTypeOf(bus.subscribe('doc:saved', listener)).not.toBeAny();
    expectTypeOf(bus.subscribe('doc:saved', listener)).toEqualTypeOf<Promise<void>>();
  });

  test('takes no other channel, and no other listener', () => {
    // @ts-expect-error there is no such channel
    bus.on('doc:save', () => {});
    // @ts-expect-error a request
    bus.on('doc:render', () => {});
    // @ts-expect-error a stream
    bus.on('log:tail', () => {});
    // @ts-expect-error a port
    bus.on('video', () => {});
    // @ts-expect-error a request
    void bus.subscribe('doc:render', () => {});
    // @ts-expect-error a request
    bus.off('doc:render', () => {});
    // @ts-expect-error a request
    bus.removeAllListeners('doc:render');
    // @ts-expect-error there is no second argument
    bus.on('doc:saved', (_event, _id, _more) => {});
    // @ts-expect-error a string is no number
    bus.on('doc:saved', (_event, _id: number) => {});
    // @ts-expect-error no function
    bus.on('doc:saved', '42');
  });
});

test('the name of a channel can be a parameter', () => {
  function announce<K extends 'doc:saved' | 'theme'>(channel: K, ...args: Parameters<AppChannels[K]>): void {
    bus.send(channel, ...args);
  }
  announce('theme', 'dark');
});
