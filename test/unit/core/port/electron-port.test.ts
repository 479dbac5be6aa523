import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ElectronPort, type CloneCheck, type ElectronPortLike } from '../../../../src/core/port/electron-port.js';
import { spy } from '../../support/spy.js';

class FakePortMain extends EventEmitter {
  readonly postMessage = spy();
  readonly start = spy();
  readonly close = spy(() => void this.emit('close'));
}

function make(check?: CloneCheck) {
  const raw = new FakePortMain();
  const port = new ElectronPort(raw as ElectronPortLike, check);
  const listener = { message: spy(), unreadable: spy(), close: spy() };
  port.start(listener);
  return { raw, port, listener };
}

describe('ElectronPort', () => {
  it('takes null for what could not be read: Electron says no more of it', () => {
    const { raw, listener } = make();
    raw.emit('message', { data: null, ports: [] });
    raw.emit('message', { data: [1], ports: ['port'] });
    expect(listener.unreadable).toHaveBeenCalledTimes(1);
    expect(listener.message.mock.calls).toEqual([[[1], ['port']]]);
  });

  it('closes the ports beside what could not be read: nobody else ever sees them', () => {
    const { raw } = make();
    const beside = { close: spy() };
    raw.emit('message', { data: null, ports: [beside] });
    expect(beside.close).toHaveBeenCalledTimes(1);
  });

  it('takes no close of its own for one of the far end, which a MessagePortMain reports alike', () => {
    const { port, listener, raw } = make();
    port.close();
    expect(listener.close).not.toHaveBeenCalled();
    expect(raw.eventNames()).toEqual([]);
  });

  it('tells once that the far end is gone, and posts nothing any more', () => {
    const { raw, port, listener } = make();
    raw.emit('close');
    raw.emit('close');
    port.post([1]);
    expect(listener.close).toHaveBeenCalledTimes(1);
    expect(raw.postMessage).not.toHaveBeenCalled();
    expect(raw.eventNames()).toEqual([]);
  });

  it('hands over a transfer list only where something is in it', () => {
    const { raw, port } = make();
    port.post([1]);
    port.post([2], []);
    port.post([3], ['port']);
    expect(raw.postMessage.mock.calls).toEqual([[[1]], [[2]], [[3], ['port']]]);
  });

  it('says what to take instead of a port of Node’s, which Electron does not take', () => {
    const { raw, port } = make();
    raw.postMessage.mockImplementation(() => {
      throw new TypeError('Port at index 0 is not a valid port');
    });
    expect(() => port.post([1], ['port'])).toThrow(
      expect.objectContaining({
        code: 'NOT_CLONEABLE',
        message: expect.stringMatching(/valid port: Node's own.*openPort/),
      }),
    );
    raw.postMessage.mockImplementation(() => {
      throw undefined; // a getter's
    });
    expect(() => port.post([1], [])).toThrow(expect.objectContaining({ code: 'NOT_CLONEABLE' }));
  });

  it('tries what it has not made itself before it posts it, and posts nothing then', () => {
    const check = spy((message: unknown) => {
      if ((message as unknown[])[0] === 'bad') throw new Error('can not be cloned');
    });
    const { raw, port } = make(check);
    port.post(['bad']);
    expect(check, 'a batch, which was made of what can be sent').not.toHaveBeenCalled();
    expect(() => port.post(['bad'], [])).toThrow(
      expect.objectContaining({ code: 'NOT_CLONEABLE', message: 'can not be cloned' }),
    );
    port.post(['good'], []);
    expect(raw.postMessage.mock.calls).toEqual([[['bad']], [['good']]]);
  });
});
