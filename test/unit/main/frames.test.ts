import { describe, expect, it } from 'vitest';
import type { WebFrameMain } from 'electron';
import { readCandidate } from '../../../src/main/frames.js';
import { FakeContents, makeFrame, type FakeFrame } from '../support/fake-electron.js';

const read = (frame: FakeFrame, contents = new FakeContents(3), name?: string) =>
  readCandidate(frame as unknown as WebFrameMain, contents.real, name);

describe('readCandidate', () => {
  it('reads from Electron who asks', () => {
    expect(read(makeFrame('app://a'), new FakeContents(3), 'editor')).toEqual({
      name: 'editor',
      type: 'window',
      origin: 'app://a',
      url: 'app://a/index.html',
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
