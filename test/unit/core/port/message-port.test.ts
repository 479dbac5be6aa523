import { describe, expect, it } from 'vitest';
import { MessagePortPort, type MessagePortLike } from '../../../../src/core/port/message-port.js';
import { spy } from '../../support/spy.js';

// What every port owes stands in test/contract. Here: what is of this kind only.

/** A DOM port, whose far end is the test. */
class FakeDomPort extends EventTarget implements MessagePortLike {
  readonly listening = new Map<string, number>();
  readonly postMessage = spy();
  readonly start = spy();
  readonly close = spy();

  override addEventListener(type: string, listener: never): void {
    this.listening.set(type, (this.listening.get(type) ?? 0) + 1);
    super.addEventListener(type, listener);
  }

  override removeEventListener(type: string, listener: never): void {
    this.listening.set(type, (this.listening.get(type) ?? 0) - 1);
    super.removeEventListener(type, listener);
  }
}

function make(page?: EventTarget) {
  const raw = new FakeDomPort();
  const port = new MessagePortPort(raw, undefined, page as never);
  const listener = { message: spy(), unreadable: spy(), close: spy() };
  port.start(listener);
  return { raw, port, listener };
}

describe('MessagePortPort', () => {
  it('tells of what can not be read', () => {
    const { raw, listener } = make();
    raw.dispatchEvent(new Event('messageerror'));
    expect(listener.unreadable).toHaveBeenCalledTimes(1);
    expect(listener.message).not.toHaveBeenCalled();
  });

  it('closes its own end when the far one is gone, and tells once', () => {
    const { raw, listener } = make();
    raw.dispatchEvent(new Event('close'));
    raw.dispatchEvent(new Event('close'));
    expect(listener.close).toHaveBeenCalledTimes(1);
    expect(raw.close).toHaveBeenCalledTimes(1);
  });

  it('takes no close of its own for one of the far end, in versions that fire it at both', () => {
    const { raw, port, listener } = make();
    raw.close.mockImplementation(() => raw.dispatchEvent(new Event('close')));
    port.close();
    expect(listener.close).not.toHaveBeenCalled();
  });

  it('leaves no listener behind, on its port and on its page, whichever end closes', () => {
    for (const close of [
      ({ port }: ReturnType<typeof make>) => port.close(),
      ({ raw }: ReturnType<typeof make>) => void raw.dispatchEvent(new Event('close')),
    ]) {
      const page = new FakeDomPort();
      const made = make(page);
      expect(page.listening.get('pagehide')).toBe(1);
      close(made);
      expect([...made.raw.listening.values()]).toEqual([0, 0, 0]);
      expect(page.listening.get('pagehide')).toBe(0);
    }
  });

  it('listens for no close once its page unloads, but still for messages', () => {
    const page = new EventTarget();
    const { raw, listener } = make(page);
    page.dispatchEvent(new Event('pagehide'));
    expect(Object.fromEntries(raw.listening)).toEqual({ message: 1, messageerror: 1, close: 0 });
    raw.dispatchEvent(Object.assign(new Event('message'), { data: ['last'], ports: [] }));
    expect(listener.message).toHaveBeenCalledExactlyOnceWith(['last'], []);
  });

  it('listens for no close either if it starts behind that', () => {
    const page = new EventTarget();
    make(page);
    page.dispatchEvent(new Event('pagehide'));
    expect(Object.fromEntries(make(page).raw.listening)).toEqual({ message: 1, messageerror: 1 });
    expect(make(new EventTarget()).raw.listening.get('close')).toBe(1);
  });

  it('starts once', () => {
    const { raw, port, listener } = make();
    const second = { message: spy(), unreadable: spy(), close: spy() };
    port.start(second);
    raw.dispatchEvent(Object.assign(new Event('message'), { data: 1, ports: [] }));
    expect(raw.start).toHaveBeenCalledTimes(1);
    expect([listener.message.mock.calls.length, second.message.mock.calls.length]).toEqual([1, 0]);
  });

  it("keeps the platform's error as the cause", () => {
    const { raw, port } = make();
    const cause = new DOMException('no', 'DataCloneError');
    raw.postMessage.mockImplementation(() => {
      throw cause;
    });
    expect(() => port.post([() => {}])).toThrow(
      expect.objectContaining({ code: 'NOT_CLONEABLE', message: 'no', cause }),
    );
  });
});
