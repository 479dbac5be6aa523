import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compileFunction } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi, type Mock } from 'vitest';
import { HELLO, JOIN, PRELOAD_EVENT, READY } from '../../../src/core/broker/joining.js';
import { FakeWindow } from '../support/fake-window.js';
import { spy } from '../support/spy.js';

// The file that ships, as Electron runs it: with a `require` that knows 'electron' only.
const source = readFileSync(fileURLToPath(new URL('../../../dist/preload/portmesh.cjs', import.meta.url)), 'utf8');

class FakeIpcRenderer extends EventEmitter {
  readonly send: Mock = spy();
  readonly postMessage: Mock = spy();
}

/** Of a document that doesn't change. */
class FakeObserver {
  constructor(_changed: () => void) {}
  observe(): void {}
}

/** Runs it in a page, in this realm. */
function load(page: FakeWindow, ipc: FakeIpcRenderer, Observer = FakeObserver): void {
  const require = (name: string): unknown => {
    if (name !== 'electron') throw new Error(`a sandboxed preload has no '${name}'`);
    return { ipcRenderer: ipc };
  };
  const given = {
    require,
    module: { exports: {} },
    exports: {},
    window: page,
    document: {},
    MutationObserver: Observer,
  };
  compileFunction(source, Object.keys(given))(...Object.values(given));
}

let window: FakeWindow;
let ipcRenderer: FakeIpcRenderer;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  window = new FakeWindow();
  window.deliver = 'nothing';
  ipcRenderer = new FakeIpcRenderer();
  load(window, ipcRenderer);
});
afterEach(() => void vi.useRealTimers());

/** Posts a join as connect() does; returns its port, and whether a script of the page would have seen it. */
function join(
  name: string,
  from: unknown = window,
  vouch?: object,
  timeout?: number,
): { port: unknown; seen: boolean } {
  const port = { name };
  let seen = false;
  const script = (): void => void (seen = true);
  window.addEventListener('message', script);
  window.receive([JOIN, name, 1, vouch, timeout], from, [port]);
  window.removeEventListener('message', script);
  return { port, seen };
}

describe('the preload', () => {
  it('leaves nothing on the globals', () => {
    const before = Reflect.ownKeys(globalThis);
    load(window, ipcRenderer);
    expect(Reflect.ownKeys(globalThis)).toEqual(before);
    expect(Object.keys(window)).toEqual(Object.keys(new FakeWindow()));
  });

  it('says that it is there, at once', () => {
    const event = new CustomEvent(PRELOAD_EVENT, { cancelable: true });
    expect(window.dispatchEvent(event)).toBe(false);
    expect(window.dispatchEvent(new CustomEvent('other', { cancelable: true }))).toBe(true);
  });

  it('says nothing to main as long as nobody joins', () => {
    vi.advanceTimersByTime(60_000);
    expect(ipcRenderer.send).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('says hello while somebody waits, ever less often, until it is answered', () => {
    const at: number[] = [];
    const start = Date.now();
    let clock = 0;
    ipcRenderer.send.mockImplementation(() => at.push(clock));
    join('a');
    for (; clock < 3000; clock += 10) vi.advanceTimersByTime(10);
    expect(Date.now()).toBeGreaterThanOrEqual(start);
    const gaps = at.slice(1).map((time, i) => time - at[i]!);
    expect(at[0]).toBe(0);
    expect(at[1]).toBeLessThanOrEqual(20);
    expect(gaps.slice(1, 6)).toEqual([40, 80, 160, 320, 500]);
    expect(new Set(gaps.slice(6))).toEqual(new Set([500]));
    ipcRenderer.emit(READY);
    const count = at.length;
    vi.advanceTimersByTime(60_000);
    expect(at).toHaveLength(count);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('says it once, however many wait', () => {
    for (const name of ['a', 'b', 'c']) join(name);
    expect(ipcRenderer.send.mock.calls).toEqual([[HELLO]]);
    expect(vi.getTimerCount()).toBe(1);
  });

  it('says it anew for a later join: the bridge of an earlier one may be gone', () => {
    join('a');
    ipcRenderer.emit(READY);
    join('b');
    expect(ipcRenderer.postMessage).toHaveBeenCalledTimes(1);
    expect(ipcRenderer.send).toHaveBeenCalledTimes(2);
    expect(vi.getTimerCount()).toBe(1);
    ipcRenderer.emit(READY);
    expect(ipcRenderer.postMessage).toHaveBeenCalledTimes(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('says it no more when all who waited have given up', () => {
    join('a', window, undefined, 700);
    join('b', window, undefined, 300);
    vi.advanceTimersByTime(5000);
    expect(ipcRenderer.send.mock.calls.length).toBeLessThan(8);
    expect(vi.getTimerCount()).toBe(0);
    join('c', window, undefined, 700);
    ipcRenderer.emit(READY);
    expect(ipcRenderer.postMessage.mock.calls.map(([, [, name]]) => name as string)).toEqual(['c']);
  });

  it('listens anew when the document is opened anew, which takes the listeners away', () => {
    const page = new FakeWindow();
    page.deliver = 'nothing';
    let opened = (): void => {};
    const observed: unknown[] = [];
    class Observer {
      constructor(callback: () => void) {
        opened = callback;
      }
      observe(...args: unknown[]): void {
        observed.push(...args);
      }
    }
    load(page, ipcRenderer, Observer);
    expect(observed).toEqual([{}, { childList: true }]);
    page.forgetListeners();
    const look = (): boolean => !page.dispatchEvent(new CustomEvent(PRELOAD_EVENT, { cancelable: true }));
    expect(look()).toBe(false);
    opened();
    opened();
    expect(look()).toBe(true);
    page.receive([JOIN, 'a', 1], page, [{}]);
    ipcRenderer.emit(READY);
    expect(ipcRenderer.postMessage).toHaveBeenCalledTimes(1);
  });
});

describe('a join', () => {
  it('is held until the bridge is there, and then passed on, in order, with its port', () => {
    const ports = ['a', 'b'].map((name) => join(name).port);
    expect(ipcRenderer.postMessage).not.toHaveBeenCalled();
    ipcRenderer.emit(READY);
    const [, [nonce]] = ipcRenderer.postMessage.mock.calls[0] as [string, [string]];
    expect(ipcRenderer.postMessage.mock.calls).toEqual([
      [JOIN, [nonce, 'a', 1, undefined], [ports[0]]],
      [JOIN, [nonce, 'b', 1, undefined], [ports[1]]],
    ]);
    ipcRenderer.emit(READY);
    expect(ipcRenderer.postMessage, 'each once, also where the bridge says so twice').toHaveBeenCalledTimes(2);
  });

  it('whose time-out is over is not passed on: it would be a peer that nobody is', () => {
    join('a', window, undefined, 300);
    const { port } = join('b', window, undefined, 600);
    vi.advanceTimersByTime(400);
    ipcRenderer.emit(READY);
    expect(ipcRenderer.postMessage.mock.calls).toEqual([[JOIN, [expect.any(String), 'b', 1, undefined], [port]]]);
  });

  it("of a child that the page shares carries what the page vouches for, under the page's own nonce", () => {
    const vouch = { type: 'frame', origin: 'https://widgets.example', grant: { send: ['doc:*'] } };
    const { port } = join('widget', window, vouch);
    join('own');
    ipcRenderer.emit(READY);
    const [[, [nonce]], [, [own]]] = ipcRenderer.postMessage.mock.calls as [[string, [string]], [string, [string]]];
    expect(nonce).toBe(own);
    expect(ipcRenderer.postMessage.mock.calls[0]).toEqual([JOIN, [nonce, 'widget', 1, vouch], [port]]);
  });

  it('is seen by no script of the page', () => {
    expect(join('a').seen).toBe(false);
    ipcRenderer.emit(READY);
    expect(join('b').seen).toBe(false);
  });

  it('of another window, or of nobody, is none of its business', () => {
    for (const source of [new FakeWindow(), null, {}]) expect(join('a', source).seen).toBe(true);
    ipcRenderer.emit(READY);
    expect(ipcRenderer.postMessage).not.toHaveBeenCalled();
  });

  it('without a port is stopped, and comes to nothing', () => {
    let seen = false;
    window.addEventListener('message', () => (seen = true));
    window.receive([JOIN, 'a', 1], window);
    ipcRenderer.emit(READY);
    expect(seen).toBe(false);
    expect(ipcRenderer.postMessage).not.toHaveBeenCalled();
  });

  it.each([undefined, null, 'portmesh:join', { 0: JOIN }, [], [HELLO], ['other', 'a', 1]])(
    'is not what the page says to itself besides: %j',
    (data) => {
      let seen = false;
      window.addEventListener('message', () => (seen = true));
      window.receive(data, window, [{}]);
      ipcRenderer.emit(READY);
      expect(seen).toBe(true);
      expect(ipcRenderer.postMessage).not.toHaveBeenCalled();
    },
  );

  it('carries a nonce of this document, such as the bridge takes, and no other has', () => {
    const nonces = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const ipc = new FakeIpcRenderer();
      const page = new FakeWindow();
      load(page, ipc);
      for (const name of ['a', 'b']) page.receive([JOIN, name, 1], page, [{}]);
      ipc.emit(READY);
      const given = ipc.postMessage.mock.calls.map(([, [nonce]]) => nonce as string);
      expect(given[0]).toBe(given[1]);
      expect(given[0]).toMatch(/^.{16,64}$/);
      nonces.add(given[0]!);
    }
    expect(nonces.size).toBe(20);
  });
});
