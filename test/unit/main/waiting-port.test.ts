import { describe, expect, it } from 'vitest';
import { WaitingPort } from '../../../src/main/waiting-port.js';
import { createMemoryChannel } from '../../../src/core/port/memory-port.js';
import { spy } from '../support/spy.js';

const listener = () => ({ message: spy(), unreadable: spy(), close: spy() });
const soon = () => new Promise((resolve) => setTimeout(resolve));

describe('the port of somebody who waits', () => {
  it('carries what comes once somebody listens, and nothing of before', async () => {
    const [near, far] = createMemoryChannel().ports;
    const port = new WaitingPort(near);
    const early = { close: spy() };
    far.post('early', [early]);
    await soon();
    const heard = listener();
    port.start(heard);
    far.start(listener());
    far.post('late');
    await soon();
    expect(heard.message.mock.calls).toEqual([['late', []]]);
    far.close();
    await soon();
    expect(heard.close).toHaveBeenCalledTimes(1);
    expect(port.isGone).toBe(true);
  });

  it('knows that its far end is gone before anybody listens, who is told of it then', async () => {
    const [near, far] = createMemoryChannel().ports;
    const port = new WaitingPort(near);
    expect(port.isGone).toBe(false);
    far.close();
    await soon();
    expect(port.isGone).toBe(true);
    const heard = listener();
    port.start(heard);
    expect(heard.close).not.toHaveBeenCalled();
    await soon();
    expect(heard.close).toHaveBeenCalledTimes(1);
  });

  it('tells nobody of its own close, and can be passed on', async () => {
    const [near, far] = createMemoryChannel().ports;
    const port = new WaitingPort(near);
    const heard = listener();
    port.start(heard);
    const told = listener();
    far.start(told);
    port.close();
    await soon();
    expect([heard.close.mock.calls.length, told.close.mock.calls.length, port.isGone]).toEqual([0, 1, false]);
    const [other] = createMemoryChannel().ports;
    expect(new WaitingPort(other).raw).toBe(other.raw);
  });
});
