import { expect, it } from 'vitest';
import { RemotePort } from '../../../../src/core/broker/remote-port.js';

it('tells message by message; a port belongs to the last one of a post', () => {
  const told: unknown[] = [];
  const port = new RemotePort((...each) => told.push(each));
  const raw = {};
  port.post([[1], [2]]);
  port.post([[3], [4]], [raw]);
  expect(told).toEqual([
    [[1], undefined],
    [[2], undefined],
    [[3], undefined],
    [[4], raw],
  ]);
});

it('delivers what the peer says, from its start to its close', () => {
  const port = new RemotePort(() => {});
  const heard: unknown[] = [];
  port.say([0]);
  port.start({ message: (...each) => heard.push(each), unreadable() {}, close: () => heard.push('close') });
  port.say([1]);
  port.close();
  port.say([2]);
  expect(heard).toEqual([[[[1]], []]]);
  expect([port.raw, port.detach()]).toEqual([port, port]);
});
