import { beforeEach, describe, expect, it } from 'vitest';
import { Registry, type DocumentRecord } from '../../../src/main/registry.js';
import { Shares } from '../../../src/main/shares.js';
import { Watcher } from '../../../src/main/watcher.js';
import { peer } from '../../contract/link-side.js';
import { dispose, FakeContents, makeFrame, type FakeFrame } from '../support/fake-electron.js';

let registry: Registry;
let told: [string, string, string][];
let watcher: Watcher;
let contents: FakeContents;

beforeEach(() => {
  registry = new Registry();
  told = [];
  watcher = new Watcher(registry, {
    gone: ({ nonce }, reason) => told.push(['gone', nonce, reason]),
    dead: ({ nonce }, reason) => told.push(['dead', nonce, reason]),
  });
  contents = new FakeContents(1);
  contents.mainFrame = makeFrame('app://a');
  watcher.watch(contents.real);
});

/** A frame of the window. */
function frame(id: number, more: Partial<FakeFrame>): FakeFrame {
  return makeFrame('app://x', { frameTreeNodeId: id, parent: contents.mainFrame!, ...more });
}

function add(nonce: string, more: Partial<DocumentRecord> = {}): DocumentRecord {
  const document: DocumentRecord = {
    nonce,
    process: 'r5.500',
    pid: 500,
    webContents: 1,
    frame: 7,
    ancestors: [],
    kin: [],
    owner: undefined,
    routing: 6,
    top: true,
    origin: 'app://a',
    url: 'app://a/index.html',
    shares: new Shares(),
    peers: new Map(),
    reason: undefined,
    ...more,
  };
  registry.add(document, peer(nonce));
  return document;
}

describe('navigation', () => {
  it('to the same URL is a reload, hash or not; to another one it is a navigation', () => {
    add('one');
    contents.navigate('app://a/index.html#part');
    contents.navigate('app://a/other.html');
    expect(told).toEqual([
      ['gone', 'one', 'reloaded'],
      ['gone', 'one', 'navigated'],
    ]);
  });

  it('of the main frame takes all frames of its window along, and no other window', () => {
    add('top');
    add('child', { frame: 8, routing: 9, top: false, url: 'app://a/child.html' });
    add('out of process', { frame: 10, routing: 6, top: false, process: 'r9.900' });
    add('another window', { webContents: 2 });
    contents.navigate('app://b/');
    expect(told.map(([, nonce]) => nonce)).toEqual(['top', 'child', 'out of process']);
  });

  it('of a page that has left itself is told by the URL of that page, which pushState changes', () => {
    add('child', { frame: 8, top: false, url: 'app://a/child.html' });
    contents.navigate('app://a/index.html');
    contents.navigateInPage('app://a/pushed');
    contents.navigate('app://a/pushed#part');
    contents.navigate('app://a/child.html');
    expect(told.map(([, , reason]) => reason)).toEqual(['reloaded', 'reloaded', 'navigated']);
  });

  it('of a frame takes that frame and those below it only', () => {
    frame(8, { routingId: 9 });
    add('top');
    add('child', { frame: 8, routing: 9, top: false });
    add('same ids elsewhere', { frame: 10, routing: 9, top: false, process: 'r55.900' });
    add('grandchild', { frame: 11, ancestors: [8, 7], top: false, process: 'r66.900', url: 'app://c/' });
    contents.navigate('app://a/index.html', { top: false, pid: 5, rid: 9 });
    expect(told).toEqual([
      ['gone', 'child', 'reloaded'],
      ['gone', 'grandchild', 'reloaded'],
    ]);
  });

  it('of a frame into another process is seen by its place in the window', () => {
    frame(8, { processId: 33, routingId: 2 });
    add('child', { frame: 8, routing: 9, top: false });
    contents.navigate('app://b/', { top: false, pid: 33, rid: 2 });
    expect(told).toEqual([['gone', 'child', 'navigated']]);
  });

  it('of a frame in which nobody is known is remembered', () => {
    frame(8, { routingId: 9 });
    add('top');
    const before = performance.now();
    expect(watcher.strayedSince(1, before)).toBe(false);
    contents.navigate('app://b/', { top: false, pid: 5, rid: 9 });
    const seen = [
      [1, before],
      [1, performance.now() + 1],
      [2, before],
    ].map(([window, then]) => watcher.strayedSince(window!, then!));
    expect([told, seen]).toEqual([[], [true, false, false]]);
  });

  it('inside a document changes its URL: a reload is told by it', () => {
    const document = add('one');
    contents.navigateInPage('app://a/pushed');
    expect([document.url, told]).toEqual(['app://a/pushed', []]);
    contents.navigate('app://a/pushed');
    expect(told).toEqual([['gone', 'one', 'reloaded']]);
  });

  it('inside a document changes no other one', () => {
    const others = [
      add('frame', { frame: 8, routing: 9, top: false }),
      add('process', { process: 'r55.1' }),
      add('window', { webContents: 2 }),
    ];
    contents.navigateInPage('app://a/pushed');
    expect(others.map(({ url }) => url)).toEqual(Array(3).fill('app://a/index.html'));
  });
});

describe('a page that can not be loaded', () => {
  it('takes the place of the document that was there, and of the frames in that', () => {
    add('top');
    add('child', { frame: 8, top: false, process: 'r9.900' });
    contents.mainFrame = makeFrame('null', { processId: 12 });
    contents.fail('app://a/gone.html', { pid: 12 });
    expect(told).toEqual([
      ['gone', 'top', 'navigated'],
      ['gone', 'child', 'navigated'],
    ]);
  });

  it('has a process of its own, whose end is none of those who shared that of the document before', () => {
    add('top');
    add('same process, other window', { webContents: 2, frame: 20 });
    contents.mainFrame = makeFrame('null', { processId: 12 });
    contents.fail('app://a/gone.html', { pid: 12 });
    expect(told).toEqual([['gone', 'top', 'navigated']]);
    registry.remove('id-top');
    contents.crash();
    expect(told).toHaveLength(1);
  });

  it('is a reload that failed if it is the same one', () => {
    add('top');
    contents.mainFrame = makeFrame('null', { processId: 12 });
    contents.fail('app://a/index.html#part', { pid: 12 });
    expect(told).toEqual([['gone', 'top', 'reloaded']]);
  });

  it('takes frames along whose page is not known', () => {
    add('child', { frame: 8, top: false });
    contents.mainFrame = makeFrame('null', { processId: 12 });
    contents.fail('app://a/gone.html', { pid: 12 });
    expect(told).toEqual([['gone', 'child', 'navigated']]);
  });

  it('in a frame takes the place of what was in that, and below it', () => {
    frame(8, { processId: 12, origin: 'null' });
    add('top');
    add('child', { frame: 8, top: false });
    add('grandchild', { frame: 11, ancestors: [8, 7], top: false });
    contents.fail('app://b/', { top: false, pid: 12 });
    expect(told).toEqual([
      ['gone', 'child', 'navigated'],
      ['gone', 'grandchild', 'navigated'],
    ]);
  });

  it('in a frame in which nobody is known is remembered', () => {
    frame(8, { processId: 12, origin: 'null' });
    add('top');
    const before = performance.now();
    contents.fail('app://b/', { top: false, pid: 12 });
    expect([told, watcher.strayedSince(1, before)]).toEqual([[], true]);
  });

  it('to its end leaves the document where it is; so does one that never began', () => {
    add('top');
    contents.fail('app://a/index.html');
    contents.fail('app://b/', { pid: 99 });
    expect(told).toEqual([]);
    contents.mainFrame = makeFrame('null');
    contents.navigate('data:text/html,');
    told.length = 0;
    contents.fail('data:text/html,');
    expect(told).toEqual([]);
  });
});

describe('the end of a process', () => {
  it.each([
    ['crashed', 'crashed'],
    ['oom', 'crashed'],
    ['abnormal-exit', 'crashed'],
    ['launch-failed', 'crashed'],
    ['integrity-failure', 'crashed'],
    ['killed', 'killed'],
    ['clean-exit', 'exited'],
  ])('%s is the death of all that lived in it, of other windows too: %s', (word, reason) => {
    add('top');
    add('same process, other window', { webContents: 2, frame: 20 });
    add('child in another process', { frame: 8, top: false, process: 'r9.900' });
    const owner = add('its frame', { frame: 9, top: false });
    add('shared by that, in another process', { top: false, process: 'r11.900', owner });
    contents.crash(word);
    expect(told).toEqual([
      ['dead', 'top', reason],
      ['dead', 'same process, other window', reason],
      ['dead', 'its frame', reason],
      ['dead', 'shared by that, in another process', reason],
    ]);
  });

  it('that has come with a navigation takes along none of the process before', () => {
    add('leaving', { reason: 'navigated' });
    add('same process, other window', { webContents: 2, frame: 20 });
    contents.mainFrame = makeFrame('app://b', { processId: 12 });
    contents.navigate('app://b/', { pid: 12 });
    told.length = 0;
    contents.crash();
    expect(told).toEqual([]);
  });

  it('is known where only a frame has joined, and after the window has changed its process', () => {
    add('frame', { frame: 8, top: false });
    contents.crash();
    contents.mainFrame = makeFrame('app://b', { processId: 6 });
    contents.navigate('app://b/', { pid: 6 });
    add('another frame', { frame: 8, top: false, process: 'r6.500' });
    contents.mainFrame = undefined;
    told.length = 0;
    contents.crash();
    expect(told).toEqual([['dead', 'another frame', 'crashed']]);
  });
});

describe('a process of which nothing but its frames tells', () => {
  it('is dead when one of them stands in its window and can not be read', () => {
    const child = frame(8, { processId: 9 });
    const document = add('child', { frame: 8, top: false, process: 'r9.900', kin: [child as never] });
    expect(watcher.isDead(document)).toBe(false);
    dispose(child);
    expect(watcher.isDead(document)).toBe(true);
    expect(watcher.isDead(add('elsewhere', { webContents: 2, kin: [child as never] }))).toBe(false);
  });

  it('takes all along that lived in it, and what they had let in', () => {
    const owner = add('owner', { process: 'r9.900' });
    add('shared', { process: 'r10.1000', owner });
    add('same process, other window', { webContents: 2, process: 'r9.900' });
    add('another');
    watcher.processDied('r9.900', 'crashed');
    expect(told.map(([, nonce]) => nonce)).toEqual(['owner', 'same process, other window', 'shared']);
  });
});

describe('watching', () => {
  it('a window twice listens once', () => {
    const count = (): number => contents.eventNames().reduce((sum, name) => sum + contents.listenerCount(name), 0);
    const before = count();
    expect(before).toBeGreaterThan(0);
    watcher.watch(contents.real);
    expect([count(), watcher.size]).toEqual([before, 1]);
    watcher.close();
    expect([count(), watcher.size]).toEqual([0, 0]);
  });

  it('ends with the window, which is the end of what lived in it', () => {
    add('top');
    add('child', { frame: 8, routing: 9, top: false });
    add('elsewhere', { webContents: 2 });
    contents.destroy();
    expect(told).toEqual([
      ['gone', 'top', 'closed'],
      ['gone', 'child', 'closed'],
    ]);
    expect(watcher.size).toBe(0);
  });
});
