import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ANSWER, writeAsk } from '../../../src/core/broker/asking.js';
import { JOIN, PRELOAD_EVENT } from '../../../src/core/broker/joining.js';
import { share } from '../../../src/renderer/share.js';
import { countAlive } from '../support/garbage.js';
import { FakeWindow } from '../support/fake-window.js';

const nonce = '0123456789abcdef';

/** A frame's window, as its owner sees it. */
class ChildWindow {
  readonly posted: { message: unknown; origin: string; ports: MessagePort[] }[] = [];

  postMessage(message: unknown, origin: string, transferred: MessagePort[]): void {
    this.posted.push({ message, origin, ports: transferred });
    ports.push(...transferred);
  }
}

class FakeIframe {
  contentWindow: ChildWindow | null = new ChildWindow();
  readonly [Symbol.toStringTag] = 'HTMLIFrameElement';

  get real(): HTMLIFrameElement {
    return this as unknown as HTMLIFrameElement;
  }
}

class FakeWorker extends EventTarget {
  readonly posted: { message: unknown; ports: MessagePort[] }[] = [];
  readonly [Symbol.toStringTag] = 'Worker';

  postMessage(message: unknown, transferred: MessagePort[]): void {
    this.posted.push({ message, ports: transferred });
    ports.push(...transferred);
  }

  get real(): Worker {
    return this as unknown as Worker;
  }
}

let window: FakeWindow;
let ports: MessagePort[];

beforeEach(() => {
  ports = [];
  window = new FakeWindow();
  window.deliver = 'nothing';
  window.addEventListener(PRELOAD_EVENT, (event) => event.preventDefault());
  vi.stubGlobal('window', window);
});
afterEach(() => {
  for (const { transfer } of window.posted) for (const port of transfer as MessagePort[]) port.close();
  for (const port of ports) port.close();
  vi.unstubAllGlobals();
});

const origin = 'https://widgets.example';

/** A frame asks. Returns whether a listener put on behind share() sees it. */
function ask(
  iframe: FakeIframe,
  { from = origin, id = nonce, name = 'widget' as string | undefined, version = 1 } = {},
) {
  let seen = false;
  const listener = (): void => void (seen = true);
  window.addEventListener('message', listener);
  window.receive(writeAsk(id, name, version), iframe.contentWindow, [], from);
  window.removeEventListener('message', listener);
  return seen;
}

describe('share(iframe)', () => {
  it('answers an ask with one end of a channel, to that origin only; the other goes to the preload, with a vouch', async () => {
    const iframe = new FakeIframe();
    const grant = { send: ['doc:*'] };
    share(iframe.real, { origin, grant });
    expect(ask(iframe, { version: 7 }), 'hidden from later listeners').toBe(false);
    const [answer] = iframe.contentWindow!.posted;
    expect(answer).toMatchObject({ message: [ANSWER, nonce], origin });
    expect(window.posted).toEqual([
      {
        message: [JOIN, 'widget', 7, { type: 'frame', origin, grant }],
        origin: '/',
        transfer: [expect.any(MessagePort)],
      },
    ]);
    const arrived = new Promise((resolve) =>
      answer!.ports[0]!.addEventListener('message', ({ data }) => resolve(data)),
    );
    answer!.ports[0]!.start();
    (window.posted[0]!.transfer[0] as MessagePort).postMessage('through');
    expect(await arrived).toBe('through');
  });

  it('grants all that the page has, and names a child that names itself not, unless it is told otherwise', () => {
    const iframe = new FakeIframe();
    share(iframe.real, { origin, name: 'default' });
    ask(iframe, { name: 'own' });
    window.receive(writeAsk('another nonce....', undefined, 1), iframe.contentWindow, [], origin);
    const vouch = { type: 'frame', origin, grant: {} };
    expect(window.posted.map(({ message }) => message)).toEqual([
      [JOIN, 'own', 1, vouch],
      [JOIN, 'default', 1, vouch],
    ]);
  });

  it('answers an ask once, however often it is repeated, and each new one anew', () => {
    const iframe = new FakeIframe();
    share(iframe.real, { origin });
    for (let i = 0; i < 3; i++) ask(iframe);
    ask(iframe, { id: 'another nonce....' });
    expect(iframe.contentWindow!.posted.map(({ message }) => message)).toEqual([
      [ANSWER, nonce],
      [ANSWER, 'another nonce....'],
    ]);
    expect(window.posted).toHaveLength(2);
  });

  it('answers the document that is in the frame now: loaded later, or navigated', () => {
    const iframe = new FakeIframe();
    iframe.contentWindow = null;
    share(iframe.real, { origin });
    ask(iframe); // `source` is null, as of a frame that is gone
    expect(window.posted).toEqual([]);
    const [first, second] = [new ChildWindow(), new ChildWindow()];
    iframe.contentWindow = first;
    ask(iframe);
    iframe.contentWindow = second;
    ask(iframe, { id: 'of the second one' });
    window.receive(writeAsk('of the first one.', 'x', 1), first, [], origin);
    expect([first.posted.length, second.posted.length]).toEqual([1, 1]);
  });

  it('answers nobody else: another origin, another window, its own page', () => {
    const iframe = new FakeIframe();
    share(iframe.real, { origin });
    for (const from of ['https://evil.example', 'null', '', 'https://widgets.example:8080']) {
      expect(ask(iframe, { from }), 'is seen by the page').toBe(true);
    }
    for (const source of [new ChildWindow(), window, null]) window.receive(writeAsk(nonce, 'x', 1), source, [], origin);
    expect([iframe.contentWindow!.posted, window.posted]).toEqual([[], []]);
  });

  it('gives two frames each their own answers', () => {
    const [a, b] = [new FakeIframe(), new FakeIframe()];
    share(a.real, { origin });
    share(b.real, { origin });
    ask(b, { name: 'b' });
    ask(a, { name: 'a' });
    expect(window.posted.map(({ message }) => (message as unknown[])[1])).toEqual(['b', 'a']);
    expect([a.contentWindow!.posted.length, b.contentWindow!.posted.length]).toEqual([1, 1]);
  });

  it("answers opaque documents, where it is told to: to '*', since they have no other name", () => {
    const iframe = new FakeIframe();
    share(iframe.real, { origin: 'null' });
    expect(ask(iframe, { from: origin })).toBe(true);
    ask(iframe, { from: 'null' });
    expect(iframe.contentWindow!.posted.map((each) => each.origin)).toEqual(['*']);
    expect(window.posted[0]?.message).toEqual([JOIN, 'widget', 1, { type: 'frame', origin: 'null', grant: {} }]);
  });

  it.each([[null], ['text'], [[]], [['portmesh:ask']], [writeAsk('short', 'x', 1)], [writeAsk(nonce, '', 1)]])(
    'leaves what is no ask to the page: %j',
    (data) => {
      const iframe = new FakeIframe();
      share(iframe.real, { origin });
      let seen = false;
      window.addEventListener('message', () => (seen = true));
      window.receive(data, iframe.contentWindow, [], origin);
      expect(seen).toBe(true);
      expect(window.posted).toEqual([]);
    },
  );

  it('disposed, answers no more, leaves no listener, and may be shared again', () => {
    const iframe = new FakeIframe();
    const registration = share(iframe.real, { origin });
    expect(() => share(iframe.real, { origin })).toThrow(/^share\(iframe\): it is shared already\. Dispose/);
    registration.dispose();
    registration.dispose();
    expect(window.listening('message')).toBe(0);
    expect(ask(iframe)).toBe(true);
    const again = share(iframe.real, { origin });
    registration.dispose();
    expect(() => share(iframe.real, { origin }), 'a late dispose is not of the new one').toThrow(/shared/);
    again.dispose();
  });

  it('keeps no frame alive that has been removed, and its listener goes too', async () => {
    const count = await (async () => {
      const references: WeakRef<object>[] = [];
      for (let i = 0; i < 20; i++) {
        const iframe = new FakeIframe();
        share(iframe.real, { origin });
        references.push(new WeakRef(iframe));
      }
      return countAlive(references);
    })();
    expect(count).toBe(0);
    window.receive('anything', null);
    expect(window.listening('message')).toBe(0);
  });
});

describe('share(worker)', () => {
  function askOf(worker: FakeWorker, data: unknown = writeAsk(nonce, 'thumbs', 1)): void {
    worker.dispatchEvent(Object.assign(new Event('message'), { data }));
  }

  it('answers its asks, once each, and hides them from later listeners', () => {
    const worker = new FakeWorker();
    const registration = share(worker.real, { grant: { peers: ['editor'] } });
    const seen: unknown[] = [];
    worker.addEventListener('message', (event) => seen.push((event as MessageEvent).data));
    askOf(worker);
    askOf(worker);
    askOf(worker, 'other');
    expect(seen).toEqual(['other']);
    expect(worker.posted).toEqual([{ message: [ANSWER, nonce], ports: [expect.any(MessagePort)] }]);
    const vouch = { type: 'worker', origin: '', grant: { peers: ['editor'] } };
    expect(window.posted).toMatchObject([{ message: [JOIN, 'thumbs', 1, vouch], origin: '/' }]);
    expect(() => share(worker.real)).toThrow(/^share\(worker\): it is shared already/);
    registration.dispose();
    askOf(worker, writeAsk('another nonce....', 'x', 1));
    expect(worker.posted).toHaveLength(1);
    share(worker.real).dispose();
  });
});

describe('share', () => {
  it.each<[string, unknown, unknown]>([
    ['share(target)', null, {}],
    ['share(target)', {}, {}],
    ['share(target)', { contentWindow: {} }, {}],
    ['share(iframe): { origin }', new FakeIframe(), {}],
    ['share(iframe): { origin }', new FakeIframe(), undefined],
    ['share(iframe): { origin }', new FakeIframe(), { origin: '*' }],
    ['share(iframe): { origin }', new FakeIframe(), { origin: 'https://x/' }],
    ['share(iframe): { grant }', new FakeIframe(), { origin, grant: { sends: [] } }],
    ['share(iframe): { grant }', new FakeIframe(), { origin, grant: null }],
    ['share(iframe): { name }', new FakeIframe(), { origin, name: '' }],
    ['share(iframe): { nam }', new FakeIframe(), { origin, nam: 'x' }],
    ['share(iframe)', new FakeIframe(), null],
    ['share(worker): { origin }', new FakeWorker(), { origin }],
  ])('names what is wrong: %s', (call, target, options) => {
    expect(() => share(target as never, options as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(`${call}: `) }),
    );
    expect(window.listening('message')).toBe(0);
  });

  it('needs the preload, as connect() does; without it nothing is shared', () => {
    vi.stubGlobal('window', new FakeWindow());
    const iframe = new FakeIframe();
    expect(() => share(iframe.real, { origin })).toThrow(
      expect.objectContaining({
        code: 'BRIDGE_GONE',
        message: expect.stringMatching(/^share\(iframe\): no Portmesh preload/),
      }),
    );
    vi.stubGlobal('window', window);
    share(iframe.real, { origin }).dispose();
  });
});
