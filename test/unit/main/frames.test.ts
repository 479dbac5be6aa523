import { describe, expect, it } from 'vitest';
import type { WebFrameMain } from 'electron';
import { hostUrl, isDead, placeOf, readFrame } from '../../../src/main/frames.js';
import { dispose, FakeContents, makeFrame, removeFrame, type FakeFrame } from '../support/fake-electron.js';

const read = (frame: FakeFrame, contents = new FakeContents(3), name?: string) =>
  readFrame(frame as unknown as WebFrameMain, contents.real, name)?.candidate;

describe('readFrame', () => {
  it('reads from Electron who asks', () => {
    expect(read(makeFrame('app://a'), new FakeContents(3), 'editor')).toEqual({
      name: 'editor',
      type: 'window',
      origin: 'app://a',
      url: 'app://a/index.html',
      hostUrl: 'app://a/index.html',
      topOrigin: 'app://a',
      process: { type: 'renderer', id: 'r5.500', pid: 500 },
      frame: { webContents: 3, routing: 6, top: true },
    });
  });

  it('tells windows, webviews and frames apart, and names them so by default', () => {
    const top = makeFrame('app://a');
    const child = makeFrame('app://b', { parent: top, top });
    expect(read(top)).toMatchObject({ type: 'window', name: 'window' });
    expect(read(top, new FakeContents(1, 'webview'))).toMatchObject({ type: 'webview', name: 'webview' });
    for (const type of ['window', 'webview']) {
      expect(read(child, new FakeContents(1, type))).toMatchObject({
        type: 'frame',
        name: 'frame',
        topOrigin: 'app://a',
      });
    }
  });

  it('takes a frame whose window is gone for one in a window of an opaque origin', () => {
    const child = { ...makeFrame('app://b', { parent: makeFrame('app://a') }), top: null };
    expect(read(child)).toMatchObject({ topOrigin: 'null', frame: { top: false } });
  });

  it("tells a crashed renderer's successor by its pid", () => {
    expect(read(makeFrame('app://a', { osProcessId: 501 }))?.process.id).not.toBe(
      read(makeFrame('app://a'))?.process.id,
    );
  });

  it('finds nobody where the frame goes while it is read', () => {
    const disposed = Object.defineProperty(makeFrame('app://a'), 'url', {
      get() {
        throw new Error('Render frame was disposed before WebFrameMain could be accessed');
      },
    });
    expect(read(disposed)).toBeUndefined();
  });
});

const real = (frame: FakeFrame): WebFrameMain => frame as unknown as WebFrameMain;

describe('placeOf', () => {
  it('knows the frames above, and which of them share its process', () => {
    const top = makeFrame('app://a', { frameTreeNodeId: 1 });
    const middle = makeFrame('app://b', { frameTreeNodeId: 2, processId: 9, parent: top, top });
    const low = makeFrame('app://b', { frameTreeNodeId: 3, processId: 9, parent: middle, top });
    expect(placeOf(real(low))).toEqual({ frame: 3, ancestors: [2, 1], kin: [low, middle] });
    expect(placeOf(real(top))).toEqual({ frame: 1, ancestors: [], kin: [top] });
  });
});

it('hostUrl() is the URL of the document that a srcdoc frame is written in', () => {
  const top = makeFrame('app://a');
  const child = makeFrame('app://a', { url: 'about:srcdoc', parent: top, top });
  const nested = makeFrame('app://a', { url: 'about:srcdoc', parent: child, top });
  expect([top, child, nested].map((frame) => hostUrl(real(frame)))).toEqual(Array(3).fill('app://a/index.html'));
});

describe('isDead', () => {
  const dead = (top: FakeFrame, ...frames: FakeFrame[]): boolean => {
    const contents = new FakeContents(1);
    contents.mainFrame = top;
    return isDead(contents.real, frames.map(real));
  };

  it('is true of a frame that stands in its window and can not be read', () => {
    const top = makeFrame('app://a');
    const frame = makeFrame('app://b', { processId: 9, parent: top, top });
    expect(dead(top, frame)).toBe(false);
    dispose(frame);
    expect(dead(top, frame)).toBe(true);
  });

  it('sees it by a frame above, too: those below it are gone then', () => {
    const top = makeFrame('app://a');
    const frame = makeFrame('app://b', { processId: 9, parent: top, top });
    const low = makeFrame('app://b', { processId: 9, parent: frame, top });
    dispose(low);
    dispose(frame);
    expect(dead(top, low, frame)).toBe(true);
  });

  it('is not true of one that was removed, or whose window is gone', () => {
    const top = makeFrame('app://a');
    const frame = makeFrame('app://b', { processId: 9, parent: top, top });
    removeFrame(frame);
    expect(dead(top, frame)).toBe(false);
    dispose(top);
    expect(dead(top, top)).toBe(false);
  });
});
