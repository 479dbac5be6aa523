import type { ProxyMarked, Remote } from 'comlink';
import type { Bus, Caller, Registration } from 'portmesh';
import { expose, loadOf, wrap, type ComlinkLoad } from 'portmesh/comlink';
import { describe, expectTypeOf, test } from 'vitest';
import { bus, untyped } from './channels.js';

interface Scene {
  readonly size: number;
  draw(shapes: readonly string[]): Promise<number>;
  child(): Scene & ProxyMarked;
}
declare const SceneClass: new (size: number) => Scene;

describe('wrap', () => {
  test("gives Comlink's own proxy of the type that is named", () => {
    expectTypeOf(wrap<Scene>(bus, 'scene')).not.toBeAny();
    expectTypeOf(wrap<Scene>(bus, 'scene')).toEqualTypeOf<Promise<Remote<Scene>>>();
    expectTypeOf<Remote<Scene>['draw']>().not.toBeAny();
    expectTypeOf<Remote<Scene>['size']>().toEqualTypeOf<Promise<number>>();
    expectTypeOf(wrap<typeof SceneClass>(untyped, 'class')).toEqualTypeOf<Promise<Remote<typeof SceneClass>>>();
  });

  test('takes a bus, and what calls through one, whatever its channels are', async () => {
    await wrap<Scene>(untyped, 'scene', { timeout: 100, wait: 100, signal: new AbortController().signal });
    await wrap<Scene>(bus.to('viewer'), 'scene');
    await wrap<Scene>(untyped.to({ id: 'a.1' }).with({ timeout: 5 }), 'scene');
    // @ts-expect-error no bus
    await wrap<Scene>({}, 'scene');
    // @ts-expect-error no name
    await wrap<Scene>(bus, 5);
    // @ts-expect-error no such option
    await wrap<Scene>(bus, 'scene', { retry: true });
  });

  test('has the members of the exposed object, and no others', async () => {
    const scene = await wrap<Scene>(bus, 'scene');
    expectTypeOf(scene.draw(['a'])).toEqualTypeOf<Promise<number>>();
    expectTypeOf(await scene.child()).toEqualTypeOf<Remote<Scene & ProxyMarked>>();
    // @ts-expect-error no such member
    void scene.erase();
    // @ts-expect-error of another type
    void scene.draw(5);
  });
});

describe('expose', () => {
  test('takes a bus, a name and an object, and gives a registration', () => {
    expectTypeOf(expose(bus, 'scene', {})).toEqualTypeOf<Registration>();
    expectTypeOf(expose(untyped, 'scene', SceneClass)).toEqualTypeOf<Registration>();
    expose(untyped, 'function', () => 1);
    // @ts-expect-error nothing of an object
    expose(bus, 'scene', 5);
    // @ts-expect-error not on somebody else's
    expose(bus.to('viewer'), 'scene', {});
  });

  test('the load is plain counts', () => {
    expectTypeOf(loadOf(bus)).toEqualTypeOf<ComlinkLoad>();
    expectTypeOf<ComlinkLoad['calls']>().toEqualTypeOf<number>();
    expectTypeOf<Bus>().not.toEqualTypeOf<Caller>();
  });
});
