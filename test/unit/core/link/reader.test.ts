import { describe, expect, it, type Mock } from 'vitest';
import { readFrame, unfold, type FrameSink } from '../../../../src/core/link/reader.js';
import * as wire from '../../../../src/core/wire/frames.js';
import { spy } from '../../support/spy.js';

function sink(): { [K in keyof FrameSink]: Mock } {
  return {
    onEvent: spy(),
    onRequest: spy(() => true),
    onStream: spy(() => true),
    onStarted: spy(),
    onItem: spy(),
    onCredit: spy(),
    onPorts: spy(() => true),
    onSettled: spy(),
    onMissed: spy(),
    onAbort: spy(),
    onPeerUnreadable: spy(),
    onChanges: spy(() => true),
    onState: spy(() => true),
    onBye: spy(),
  };
}

function calls(target: ReturnType<typeof sink>): [string, unknown[]][] {
  return Object.entries(target).flatMap(([name, mock]) =>
    mock.mock.calls.map((args): [string, unknown[]] => [name, args]),
  );
}

describe('readFrame', () => {
  it.each<[string, unknown[], [string, unknown[]][]]>([
    ['an event', [wire.EVENT, 'c', 2, 'a', 'b'], [['onEvent', ['c', [2, 'a', 'b']]]]],
    ['an event without arguments', [wire.EVENT, 'c', 0], [['onEvent', ['c', [0]]]]],
    ['a request', [wire.REQUEST, 7, 'c', 1, 'a'], [['onRequest', [wire.REQUEST, 7, 'c', [1, 'a']]]]],
    ['a port', [wire.PORT, 7, 'c', 1, 'a'], [['onRequest', [wire.PORT, 7, 'c', [1, 'a']]]]],
    ['a stream', [wire.STREAM, 7, 'c', 9, 1, 'a'], [['onStream', [7, 'c', [1, 'a'], 9]]]],
    ['the beginning of a stream', [wire.STARTED, 7], [['onStarted', [7]]]],
    ['an item', [wire.ITEM, 7, 3, 'a'], [['onItem', [7, 3, 'a']]]],
    ['credit', [wire.CREDIT, 7, 3], [['onCredit', [7, 3]]]],
    ['the places of ports', [wire.PORTS, [{}]], [['onPorts', [[{}]]]]],
    ['a result', [wire.RESULT, 7, undefined], [['onSettled', [wire.RESULT, 7, undefined]]]],
    ['a failure', [wire.FAILURE, 7, ['Error']], [['onSettled', [wire.FAILURE, 7, ['Error']]]]],
    ['something thrown', [wire.THROWN, 7, 0], [['onSettled', [wire.THROWN, 7, 0]]]],
    ['a missed request', [wire.MISSED, 7, 1, 'a'], [['onMissed', [7, ['a']]]]],
    ['an abort', [wire.ABORT, 7], [['onAbort', [7]]]],
    ['an unreadable post', [wire.UNREADABLE, 7], [['onPeerUnreadable', [7]]]],
    ['changes', [wire.CHANGES, 7, 2, 1, 'c'], [['onChanges', [7, [1, 'c']]]]],
    ['a state', [wire.STATE, 7, ['l'], ['h']], [['onState', [7, ['l'], ['h']]]]],
    ['an echo', [wire.ECHO], []],
  ])('reads %s, and says where the next frame begins', (_, frame, expected) => {
    const target = sink();
    const data = ['head', ...frame, wire.EVENT, 'next', 0];
    expect(readFrame(data, 1, target)).toBe(1 + frame.length);
    expect(calls(target)).toEqual(expected);
  });

  it('reads nothing behind a goodbye', () => {
    const target = sink();
    const data = [0, wire.BYE, wire.EVENT, 'c', 0];
    expect(readFrame(data, 1, target)).toBe(data.length);
    expect(calls(target)).toEqual([['onBye', []]]);
  });

  it('takes no argument for a frame', () => {
    const target = sink();
    const data = [0, wire.EVENT, 'c', 4, wire.BYE, wire.EVENT, 'x', 0];
    expect(readFrame(data, 1, target)).toBe(data.length);
    expect(calls(target)).toEqual([['onEvent', ['c', [4, wire.BYE, wire.EVENT, 'x', 0]]]]);
  });

  it.each<[string, unknown[]]>([
    ['an unknown kind', [13]],
    ['no kind', [undefined]],
    ['a text for a kind', ['1', 'c', 0]],
    ['an event without a name', [wire.EVENT, '', 0]],
    ['an event whose name is too long', [wire.EVENT, 'x'.repeat(257), 0]],
    ['fewer arguments than counted', [wire.EVENT, 'c', 2, 'a']],
    ['a negative count', [wire.EVENT, 'c', -1]],
    ['a count that is none', [wire.EVENT, 'c', '1', 'a']],
    ['a request with a text for an id', [wire.REQUEST, '1', 'c', 0]],
    ['a request cut short', [wire.REQUEST, 1]],
    ['more arguments than it takes', Object.assign([wire.EVENT, 'c', 65_537], { length: 70_000 })],
    [
      'as many as fit into an array, all of them holes',
      Object.assign([wire.REQUEST, 1, 'c', 2 ** 32 - 6], { length: 2 ** 32 - 2 }),
    ],
    ['a result without a value', [wire.RESULT, 1]],
    ['a failure without an error', [wire.FAILURE, 1]],
    ['a missed request with fewer arguments', [wire.MISSED, 1, 2, 'a']],
    ['an unreadable post without a number', [wire.UNREADABLE, 'x']],
    ['changes cut short', [wire.CHANGES, 1, 2, 1]],
    ['changes with a text for a number', [wire.CHANGES, 'x', 0]],
  ])('finds no sense in %s, and tells nobody', (_, frame) => {
    const target = sink();
    expect(readFrame(frame, 0, target)).toBe(-1);
    expect(calls(target)).toEqual([]);
  });

  it.each<[keyof FrameSink, unknown[]]>([
    ['onRequest', [wire.REQUEST, 1, 'c', 0]],
    ['onChanges', [wire.CHANGES, 1, 0]],
    ['onState', [wire.STATE, 'x', 1, 2]],
  ])('finds no sense in what %s refuses', (name, frame) => {
    const target = sink();
    target[name].mockReturnValue(false);
    expect(readFrame([0, ...frame], 1, target)).toBe(-1);
  });
});

describe('unfold', () => {
  it('puts the frames of a text in its place, behind what is acknowledged', () => {
    const text = JSON.stringify([0, wire.EVENT, 'c', 1, { a: 1 }]);
    expect(unfold([7, wire.TEXT, text])).toEqual([7, wire.EVENT, 'c', 1, { a: 1 }]);
    expect(unfold([7, wire.TEXT, text, wire.ECHO])).toEqual([7, wire.EVENT, 'c', 1, { a: 1 }, wire.ECHO]);
  });

  it('leaves what is no text as it is', () => {
    const post = [7, wire.EVENT, 'c', 1, { a: 1 }];
    expect(unfold(post)).toBe(post);
    expect(unfold([7])).toEqual([7]);
  });

  it.each([
    ['no array', 'text'],
    ['no text', [0, wire.TEXT, ['text']]],
    ['none at all', [0, wire.TEXT]],
    ['an object that acts as one', [0, wire.TEXT, { toString: () => '[0]' }]],
    ['no JSON', [0, wire.TEXT, '[0, 1']],
    ['no array in it', [0, wire.TEXT, '{"length":1}']],
  ])('says that it makes no sense: %s', (_, post) => {
    expect(unfold(post)).toBeUndefined();
  });

  it('a text in a text is a frame that makes no sense', () => {
    const data = unfold([0, wire.TEXT, JSON.stringify([0, wire.TEXT, '[0]'])]) as unknown[];
    expect(readFrame(data, 1, sink())).toBe(-1);
  });
});
