import { beforeEach, describe, expect, it } from 'vitest';
import { Registry, type DocumentRecord } from '../../../src/main/registry.js';
import { Watcher } from '../../../src/main/watcher.js';
import { FakeContents } from '../support/fake-electron.js';
import { peer } from '../../contract/link-side.js';

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
  watcher.watch(contents.real);
});

function add(nonce: string, more: Partial<DocumentRecord> = {}): DocumentRecord {
  const document: DocumentRecord = {
    nonce,
    process: 'r5.500',
    pid: 500,
    webContents: 1,
    frame: 7,
    routing: 6,
    top: true,
    origin: 'app://a',
    url: 'app://a/index.html',
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

  it('of a frame takes that frame only', () => {
    add('top');
    add('child', { frame: 8, routing: 9, top: false });
    add('same ids elsewhere', { frame: 10, routing: 9, top: false, process: 'r55.900' });
    contents.navigate('app://a/index.html', { top: false, pid: 5, rid: 9 });
    expect(told).toEqual([['gone', 'child', 'reloaded']]);
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
    contents.crash(word);
    expect(told).toEqual([
      ['dead', 'top', reason],
      ['dead', 'same process, other window', reason],
    ]);
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
