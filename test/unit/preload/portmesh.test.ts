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

/** Runs it in a page, in this realm. */
function load(page: FakeWindow, ipc: FakeIpcRenderer): void {
  const require = (name: string): unknown => {
    if (name !== 'electron') throw new Error(`a sandboxed preload has no '${name}'`);
    return { ipcRenderer: ipc };
  };
  compileFunction(source, ['require', 'module', 'exports', 'window'])(require, { exports: {} }, {}, page);
}

let window: FakeWindow;
let ipcRenderer: FakeIpcRenderer;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  window = new FakeWindow();
  window.deliver = 'nothing';
  ipcRenderer = new FakeIpcRenderer();
  load(window, ipcRenderer);
});
afterEach(() => void vi.useRealTimers());

/** Posts a join as connect() does; returns its port, and whether a script of the page would have seen it. */
function join(name: string, from: unknown = window, vouch?: object): { port: unknown; seen: boolean } {
  const port = { name };
  let seen = false;
  const script = (): void => void (seen = true);
  window.addEventListener('message', script);
  window.receive([JOIN, name, 1, vouch], from, [port]);
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

  it('says hello once, and waits in silence as long as nobody joins', () => {
    expect(ipcRenderer.send.mock.calls).toEqual([[HELLO]]);
    vi.advanceTimersByTime(60_000);
    expect(ipcRenderer.send).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('repeats it while somebody waits, ever less often, until it is answered', () => {
    join('a');
    const at: number[] = [];
    const start = Date.now();
    let clock = 0;
    ipcRenderer.send.mockImplementation(() => at.push(clock));
    for (; clock < 3000; clock += 10) vi.advanceTimersByTime(10);
    expect(Date.now()).toBeGreaterThanOrEqual(start);
    const gaps = at.slice(1).map((time, i) => time - at[i]!);
    expect(at[0]).toBeLessThanOrEqual(20);
    expect(gaps.slice(0, 5)).toEqual([40, 80, 160, 320, 500]);
    expect(new Set(gaps.slice(5))).toEqual(new Set([500]));
    ipcRenderer.emit(READY);
    const count = at.length;
    vi.advanceTimersByTime(60_000);
    expect(at).toHaveLength(count);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('repeats it once, however many wait', () => {
    for (const name of ['a', 'b', 'c']) join(name);
    expect(ipcRenderer.send).toHaveBeenCalledTimes(2);
    expect(vi.getTimerCount()).toBe(1);
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

  it('is passed on at once when the bridge is there', () => {
    ipcRenderer.emit(READY);
    const { port } = join('a');
    expect(ipcRenderer.postMessage.mock.calls).toEqual([[JOIN, [expect.any(String), 'a', 1, undefined], [port]]]);
  });

  it("of a child that the page shares carries what the page vouches for, under the page's own nonce", () => {
    ipcRenderer.emit(READY);
    const vouch = { type: 'frame', origin: 'https://widgets.example', grant: { send: ['doc:*'] } };
    const { port } = join('widget', window, vouch);
    join('own');
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
    ipcRenderer.emit(READY);
    for (const source of [new FakeWindow(), null, {}]) expect(join('a', source).seen).toBe(true);
    expect(ipcRenderer.postMessage).not.toHaveBeenCalled();
  });

  it('without a port is stopped, and comes to nothing', () => {
    ipcRenderer.emit(READY);
    let seen = false;
    window.addEventListener('message', () => (seen = true));
    window.receive([JOIN, 'a', 1], window);
    expect(seen).toBe(false);
    expect(ipcRenderer.postMessage).not.toHaveBeenCalled();
  });

  it.each([undefined, null, 'portmesh:join', { 0: JOIN }, [], [HELLO], ['other', 'a', 1]])(
    'is not what the page says to itself besides: %j',
    (data) => {
      ipcRenderer.emit(READY);
      let seen = false;
      window.addEventListener('message', () => (seen = true));
      window.receive(data, window, [{}]);
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
      ipc.emit(READY);
      for (const name of ['a', 'b']) page.receive([JOIN, name, 1], page, [{}]);
      const given = ipc.postMessage.mock.calls.map(([, [nonce]]) => nonce as string);
      expect(given[0]).toBe(given[1]);
      expect(given[0]).toMatch(/^.{16,64}$/);
      nonces.add(given[0]!);
    }
    expect(nonces.size).toBe(20);
  });
});
