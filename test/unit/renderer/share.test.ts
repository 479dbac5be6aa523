import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ANSWER, writeAsk } from '../../../src/core/broker/asking.js';
import { JOIN, PRELOAD_EVENT } from '../../../src/core/broker/joining.js';
import { share } from '../../../src/renderer/share.js';
import { countAlive } from '../support/garbage.js';
import { FakeWindow } from '../support/fake-window.js';

const nonce = '0123456789abcdef';

/** A frame's window, as its owner sees it. */
class ChildWindow {
  readonly posted: { message: unknown; origin: string }[] = [];

  postMessage(message: unknown, origin: string): void {
    this.posted.push({ message, origin });
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
  readonly posted: unknown[] = [];
  readonly [Symbol.toStringTag] = 'Worker';

  postMessage(message: unknown): void {
    this.posted.push(message);
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

interface Asking {
  readonly from?: string;
  readonly id?: string;
  readonly name?: string | undefined;
  readonly version?: number;
  readonly document?: number;
  readonly with?: readonly MessagePort[];
}

/** A frame asks. Returns whether a listener put on behind share() sees it. */
function ask(iframe: FakeIframe, asking: Asking = {}): boolean {
  const { from = origin, id = nonce, version = 1, document = 1 } = asking;
  const name = 'name' in asking ? asking.name : 'widget';
  let seen = false;
  const listener = (): void => void (seen = true);
  window.addEventListener('message', listener);
  const data = writeAsk(id, name, version, undefined, document);
  window.receive(data, iframe.contentWindow, asking.with, from);
  window.removeEventListener('message', listener);
  return seen;
}

/** It asks, and then, behind the answer, with a port: returns the other end. */
function join(iframe: FakeIframe, asking: Asking = {}): MessagePort {
  ask(iframe, asking);
  const { port1, port2 } = new MessageChannel();
  ports.push(port1);
  ask(iframe, { ...asking, with: [port2] });
  return port1;
}

/** Resolves when the other end is closed. */
function closed(port: MessagePort): Promise<void> {
  return new Promise((resolve) => {
    port.addEventListener('close', () => resolve());
    port.start();
  });
}

const shareName = expect.stringMatching(/^\d+-\d+-\d+-\d+$/) as unknown;

describe('share(iframe)', () => {
  it('answers an ask, that origin only; the port that comes then goes to the preload, with a vouch', async () => {
    const iframe = new FakeIframe();
    const grant = { send: ['doc:*'] };
    share(iframe.real, { origin, grant });
    expect(ask(iframe, { version: 7, document: 12.5 }), 'hidden from later listeners').toBe(false);
    expect(iframe.contentWindow!.posted).toEqual([{ message: [ANSWER, nonce], origin }]);
    expect(window.posted, 'nobody has a seat yet that the frame may never take').toEqual([]);
    const { port1, port2 } = new MessageChannel();
    ports.push(port1);
    expect(ask(iframe, { version: 7, document: 12.5, with: [port2] }), 'hidden too').toBe(false);
    expect(window.posted).toEqual([
      {
        message: [JOIN, 'widget', 7, { type: 'frame', origin, grant, share: shareName, document: 12.5 }],
        origin: '/',
        transfer: [port2],
      },
    ]);
  });

  it('grants all that the page has, and names a child that names itself not, unless it is told otherwise', () => {
    const iframe = new FakeIframe();
    share(iframe.real, { origin, name: 'default' });
    join(iframe, { name: 'own' });
    join(iframe, { id: 'another nonce....', name: undefined });
    const vouch = { type: 'frame', origin, grant: {}, share: shareName, document: 1 };
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
  });

  it('passes on one port for each answer, and closes what comes besides', async () => {
    const iframe = new FakeIframe();
    share(iframe.real, { origin });
    const channels = Array.from({ length: 4 }, () => new MessageChannel());
    const [unasked, first, beside, second] = channels as [
      MessageChannel,
      MessageChannel,
      MessageChannel,
      MessageChannel,
    ];
    ask(iframe, { with: [unasked.port2] });
    await closed(unasked.port1);
    ask(iframe);
    ask(iframe, { with: [first.port2, beside.port2] });
    ask(iframe, { with: [second.port2] });
    await Promise.all([closed(beside.port1), closed(second.port1)]);
    expect(window.posted.map(({ transfer }) => transfer)).toEqual([[first.port2]]);
    ports.push(first.port1);
  });

  it('answers a frame that does nothing but ask 200 times, and then ten times a second', () => {
    const iframe = new FakeIframe();
    share(iframe.real, { origin });
    for (let i = 0; i < 1000; i++) ask(iframe, { id: `a nonce of its own ${i}` });
    const answers = iframe.contentWindow!.posted.length;
    expect(answers).toBeGreaterThanOrEqual(200);
    expect(answers).toBeLessThan(250);
  });

  it('says which call of share() a child comes through: another one for another frame, and for one that is shared anew', () => {
    const iframes = [new FakeIframe(), new FakeIframe()];
    const [registration] = iframes.map((each) => share(each.real, { origin }));
    for (const each of iframes) join(each);
    registration!.dispose();
    share(iframes[0]!.real, { origin });
    join(iframes[0]!);
    const shares = window.posted.map(({ message }) => (message as { share: string }[])[3]!.share);
    expect(new Set(shares).size).toBe(3);
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
    join(b, { name: 'b' });
    join(a, { name: 'a' });
    expect(window.posted.map(({ message }) => (message as unknown[])[1])).toEqual(['b', 'a']);
    expect([a.contentWindow!.posted.length, b.contentWindow!.posted.length]).toEqual([1, 1]);
  });

  it("answers opaque documents, where it is told to: to '*', since they have no other name", () => {
    const iframe = new FakeIframe();
    share(iframe.real, { origin: 'null' });
    expect(ask(iframe, { from: origin })).toBe(true);
    join(iframe, { from: 'null' });
    expect(iframe.contentWindow!.posted.map((each) => each.origin)).toEqual(['*']);
    const vouch = { type: 'frame', origin: 'null', grant: {}, share: shareName, document: 1 };
    expect(window.posted[0]?.message).toEqual([JOIN, 'widget', 1, vouch]);
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
  function askOf(worker: FakeWorker, data: unknown = writeAsk(nonce, 'thumbs', 1), ...given: MessagePort[]): void {
    worker.dispatchEvent(Object.assign(new Event('message'), { data, ports: given }));
  }

  it('answers its asks, once each, passes its port on, and hides all that from later listeners', () => {
    const worker = new FakeWorker();
    const registration = share(worker.real, { grant: { peers: ['editor'] } });
    const seen: unknown[] = [];
    worker.addEventListener('message', (event) => seen.push((event as MessageEvent).data));
    askOf(worker);
    askOf(worker);
    askOf(worker, 'other');
    expect(worker.posted).toEqual([[ANSWER, nonce]]);
    const { port1, port2 } = new MessageChannel();
    ports.push(port1);
    askOf(worker, undefined, port2);
    expect(seen).toEqual(['other']);
    const vouch = { type: 'worker', origin: '', grant: { peers: ['editor'] }, share: shareName, document: 0 };
    expect(window.posted).toEqual([{ message: [JOIN, 'thumbs', 1, vouch], origin: '/', transfer: [port2] }]);
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

  it('is for pages: a worker is told so', () => {
    vi.stubGlobal('window', undefined);
    expect(() => share(new FakeWorker().real)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('Call it in a page') }),
    );
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
