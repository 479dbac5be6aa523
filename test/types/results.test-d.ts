import {
  createMemoryChannel,
  MeshError,
  transfer,
  type Bus,
  type Caller,
  type CloseInfo,
  type Dropped,
  type ErrorContext,
  type LeaveReason,
  type MemoryChannel,
  type MeshErrorCode,
  type Peer,
  type PeerFrame,
  type PeerProcess,
  type Port,
  type Transfer,
} from 'portmesh';
import type * as portmesh from 'portmesh';
import { describe, expectTypeOf, test } from 'vitest';
import { bus } from './channels.js';

describe('what a bus tells', () => {
  test('a peer', () => {
    expectTypeOf(bus.self).not.toBeAny();
    expectTypeOf(bus.self).toEqualTypeOf<Peer>();
    expectTypeOf<Peer['type']>().not.toBeAny();
    expectTypeOf<Peer['type']>().toEqualTypeOf<
      'window' | 'frame' | 'webview' | 'worker' | 'main' | 'utility' | 'node'
    >();
    expectTypeOf<Peer['id' | 'name' | 'origin']>().toEqualTypeOf<string>();
    expectTypeOf<Peer['process']>().toEqualTypeOf<PeerProcess>();
    expectTypeOf<Peer['frame']>().toEqualTypeOf<PeerFrame | undefined>();
    // @ts-expect-error stamped by the broker
    bus.self.origin = 'app://other';
  });

  test('the others', () => {
    expectTypeOf([...bus.peers]).not.toBeAny();
    expectTypeOf([...bus.peers]).toEqualTypeOf<Peer[]>();
    expectTypeOf(bus.peers.get('a.1')).toEqualTypeOf<Peer | undefined>();
    expectTypeOf(bus.peers.named('viewer')).toEqualTypeOf<Peer[]>();
    bus.peers.on('leave', (peer, reason) => {
      expectTypeOf(peer).not.toBeAny();
      expectTypeOf(peer).toEqualTypeOf<Peer>();
      expectTypeOf(reason).not.toBeAny();
      expectTypeOf(reason).toEqualTypeOf<LeaveReason>();
    });
    // @ts-expect-error no such news
    bus.peers.on('left', () => {});
    // @ts-expect-error nobody gives a reason to join
    bus.peers.on('join', (_peer, _reason) => {});
  });

  test('its end', () => {
    expectTypeOf(bus.closed).not.toBeAny();
    expectTypeOf(bus.closed).toEqualTypeOf<Promise<CloseInfo>>();
    expectTypeOf<CloseInfo>().toEqualTypeOf<{
      readonly reason: LeaveReason;
      readonly local: boolean;
      readonly detail: string;
    }>();
    expectTypeOf(bus.close()).toEqualTypeOf<Promise<void>>();
    expectTypeOf(bus.drain()).toEqualTypeOf<Promise<void>>();
    expectTypeOf(bus.state).toEqualTypeOf<'open' | 'rejoining' | 'closed'>();
  });

  test('its trouble', () => {
    bus.onError((error, context) => {
      expectTypeOf(error).toBeUnknown();
      expectTypeOf(context).not.toBeAny();
      expectTypeOf(context).toEqualTypeOf<ErrorContext>();
    });
    bus.onDropped((dropped) => {
      expectTypeOf(dropped).not.toBeAny();
      expectTypeOf(dropped).toEqualTypeOf<Dropped>();
      expectTypeOf(dropped.error).toEqualTypeOf<MeshError>();
    });
  });
});

test('why somebody left', () => {
  expectTypeOf<LeaveReason>().not.toBeAny();
  expectTypeOf<LeaveReason>().toEqualTypeOf<
    | 'bye'
    | 'crashed'
    | 'killed'
    | 'reloaded'
    | 'navigated'
    | 'closed'
    | 'frame-removed'
    | 'terminated'
    | 'exited'
    | 'evicted'
    | 'bridge-gone'
    | 'lost'
  >();
});

test('errors', () => {
  expectTypeOf<MeshError['code']>().not.toBeAny();
  expectTypeOf<MeshError['code']>().toEqualTypeOf<MeshErrorCode>();
  expectTypeOf<MeshErrorCode>().toEqualTypeOf<
    | 'TIMEOUT'
    | 'ABORTED'
    | 'NO_PEER'
    | 'NO_HANDLER'
    | 'NO_SERVICE'
    | 'NO_METHOD'
    | 'PEER_GONE'
    | 'NOT_AUTHORIZED'
    | 'NOT_CLONEABLE'
    | 'BRIDGE_GONE'
    | 'VERSION_MISMATCH'
    | 'INVALID_ARGUMENT'
    | 'PROTOCOL'
    | 'LIMIT'
    | 'CLOSED'
  >();
  const error: unknown = undefined;
  if (MeshError.is(error, 'TIMEOUT')) {
    expectTypeOf(error).not.toBeAny();
    expectTypeOf(error).toExtend<MeshError>();
    expectTypeOf(error.reason).toEqualTypeOf<LeaveReason | undefined>();
  }
  // @ts-expect-error no such code
  MeshError.is(error, 'TIMED_OUT');
});

test('transfer() keeps the type of what it marks', () => {
  expectTypeOf(transfer(new Map<string, number>(), [])).not.toBeAny();
  expectTypeOf(transfer(new Map<string, number>(), [])).toEqualTypeOf<Transfer<Map<string, number>>>();
});

test('a memory channel is two ports', () => {
  const channel = createMemoryChannel();
  expectTypeOf(channel).not.toBeAny();
  expectTypeOf(channel).toEqualTypeOf<MemoryChannel>();
  expectTypeOf(channel.ports).toEqualTypeOf<readonly [Port, Port]>();
});

test('classes that only the mesh makes are exported as types', () => {
  expectTypeOf<Bus>().toExtend<Caller>();
  expectTypeOf<typeof portmesh>().toHaveProperty('MeshError');
  expectTypeOf<typeof portmesh>().not.toHaveProperty('Bus');
  expectTypeOf<typeof portmesh>().not.toHaveProperty('Caller');
  expectTypeOf<typeof portmesh>().not.toHaveProperty('Peers');
});
