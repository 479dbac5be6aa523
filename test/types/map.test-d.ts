import type {
  AnyChannels,
  Arguments,
  Bus,
  ChannelMap,
  EventChannel,
  Handler,
  Listener,
  MeshEvent,
  RequestChannel,
  RequestEvent,
  Result,
  Sendable,
} from 'portmesh';
import { connect } from 'portmesh/renderer';
import type { Bridge } from 'portmesh/main';
import { describe, expectTypeOf, test } from 'vitest';
import type { AppChannels } from './channels.js';

type EventName = 'doc:saved' | 'doc:moved' | 'doc:tagged' | 'frame' | 'theme' | 'tick';
type RequestName = 'doc:render' | 'doc:find' | 'doc:close';

describe('a channel map', () => {
  test('is split into kinds by what its functions return', () => {
    expectTypeOf<EventChannel<AppChannels>>().not.toBeAny();
    expectTypeOf<EventChannel<AppChannels>>().toEqualTypeOf<EventName>();
    expectTypeOf<RequestChannel<AppChannels>>().not.toBeAny();
    expectTypeOf<RequestChannel<AppChannels>>().toEqualTypeOf<RequestName>();
  });

  test('may be an interface or a type, and holds functions only', () => {
    expectTypeOf<AppChannels>().toExtend<ChannelMap<AppChannels>>();
    expectTypeOf<{ tick: () => void }>().toExtend<ChannelMap<{ tick: () => void }>>();
    // @ts-expect-error a channel is a function
    expectTypeOf<Bus<{ tick: string }>>().not.toBeNever();
  });

  test('says what is given, got and answered', () => {
    expectTypeOf<Arguments<AppChannels['doc:render']>>().not.toBeAny();
    expectTypeOf<Arguments<AppChannels['doc:render']>>().toEqualTypeOf<
      [id: Sendable<string>, scale: Sendable<number>]
    >();
    expectTypeOf<Result<AppChannels['doc:render']>>().not.toBeAny();
    expectTypeOf<Result<AppChannels['doc:render']>>().toEqualTypeOf<Uint8Array>();
    expectTypeOf<Parameters<Listener<AppChannels['doc:saved']>>>().toEqualTypeOf<[event: MeshEvent, id: string]>();
    expectTypeOf<Parameters<Handler<AppChannels['doc:close']>>>().toEqualTypeOf<[event: RequestEvent, id: string]>();
  });

  test('is what connect() is told, anywhere', () => {
    const bridge = {} as Bridge;
    expectTypeOf(connect<AppChannels>()).not.toBeAny();
    expectTypeOf(connect<AppChannels>({ name: 'editor' })).resolves.toEqualTypeOf<Bus<AppChannels>>();
    expectTypeOf(connect()).resolves.toEqualTypeOf<Bus<AnyChannels>>();
    expectTypeOf(bridge.connect<AppChannels>()).not.toBeAny();
    expectTypeOf(bridge.connect<AppChannels>({ name: 'main' })).resolves.toEqualTypeOf<Bus<AppChannels>>();
    expectTypeOf(bridge.connect()).resolves.toEqualTypeOf<Bus<AnyChannels>>();
  });

  test('is no part of what a function needs that takes any bus', () => {
    const watch = (any: Bus): number => any.peers.size;
    expectTypeOf(watch).toBeCallableWith({} as Bus<AppChannels>);
  });
});
