import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Message } from '../../../../src/core/broker/control.js';
import { nodePorts } from '../../../../src/core/port/kinds.js';
import { openConnection } from '../../../../src/node/connection.js';
import { Gateway } from '../../../../src/node/gateway/gateway.js';
import * as wire from '../../../../src/node/gateway/messages.js';
import type { Address } from '../../../../src/node/net/address.js';
import type { Mux } from '../../../../src/node/socket/mux.js';
import { FakePort } from '../../support/fake-port.js';
import { until } from '../../support/guests.js';
import { turn } from '../../support/turn.js';

// A gateway of which the test is the bridge, the page and the Node peer.

const MAX = 1024 * 1024;
const key = 'k'.repeat(43);
let host: FakePort;
let muxes: Mux[];
let ports: MessagePort[];

beforeEach(() => {
  host = new FakePort();
  muxes = [];
  ports = [];
  void new Gateway(host, nodePorts(MessageChannel), () => {}, MAX);
  host.deliver([[wire.JOIN, 1, { path: '/tmp/nobody-listens-here' }, 'token', 'bridge']]);
});
afterEach(() => {
  host.closeFar();
  for (const mux of muxes) mux.close();
  for (const port of ports) port.close();
});

async function told(kind: number): Promise<Message> {
  const find = (): Message | undefined => (host.posts as Message[][]).flat().find(([each]) => each === kind);
  await until(() => find() !== undefined);
  return find() as Message;
}

/** A page's port, and the connection of the Node peer that it is joined to, of which nothing is read yet. */
async function link(): Promise<{ page: MessagePort; node: Mux; closed: Promise<void> }> {
  host.deliver([[wire.LISTEN, 1, 'ticket', key]]);
  const [, , address] = await told(wire.LISTENING);
  const node = await openConnection(address as Address, {
    role: 'link',
    id: 'ticket',
    key,
    hello: {},
    timeout: 5000,
    call: 'test',
  });
  muxes.push(node);
  await told(wire.DIALED);
  const { port1: page, port2 } = new MessageChannel();
  ports.push(page);
  const closed = new Promise<void>((resolve) => page.addEventListener('close', () => resolve()));
  page.start();
  host.deliverWith([[wire.JOINT, 'ticket']], [port2]);
  return { page, node, closed };
}

/** Posts so many bytes, as much as one who minds no flow control. */
async function flood(port: MessagePort, bytes: number): Promise<void> {
  for (let i = 0; i < bytes / 65_536; i++) {
    port.postMessage('x'.repeat(65_536));
    if (i % 16 === 0) await turn();
  }
}

it('a page that posts on and on to a Node peer that is stopped loses its link, and the bridge is told', async () => {
  const { page, closed } = await link();
  await flood(page, 8 * MAX);
  await closed;
  const [, bytes] = await told(wire.UNREAD);
  expect(bytes).toBeGreaterThan(MAX);
  expect(bytes).toBeLessThan(3 * MAX);
});

it('a port on which a page posts on and on, and nobody takes it, is closed; the link, and other ports, live on', async () => {
  const { page, node } = await link();
  const got: unknown[] = [];
  const given: { start(listener: object): void }[] = [];
  const { adoptRaw } = await import('../../../../src/node/socket/socket-port.js');
  node.port.start({
    message: (data, raws) => {
      got.push(data);
      given.push(...(raws as object[]).map((raw) => adoptRaw(raw)));
    },
    unreadable() {},
    close() {},
  });
  const channels = [new MessageChannel(), new MessageChannel()];
  const [flooded, other] = channels.map(({ port1 }) => port1) as [MessagePort, MessagePort];
  ports.push(flooded, other);
  page.postMessage('ports', channels.map(({ port2 }) => port2)); // prettier-ignore
  await until(() => given.length === 2);
  const closed = new Promise((resolve) => flooded.addEventListener('close', resolve));
  flooded.start();
  await flood(flooded, 3 * MAX);
  await closed;
  expect((await told(wire.UNREAD))[1]).toBeGreaterThan(MAX);
  const closedThere = new Promise<string>((resolve) =>
    given[0]!.start({ message() {}, unreadable() {}, close: resolve }),
  );
  await closedThere;
  const heard = new Promise((resolve) => given[1]!.start({ message: resolve, unreadable() {}, close() {} }));
  other.postMessage('still');
  page.postMessage('here');
  expect(await heard).toBe('still');
  await until(() => got.length === 2);
  expect(got).toEqual(['ports', 'here']);
});

it('a port beside a message that waits itself counts, too', async () => {
  const { page, node } = await link();
  let outer: { start(listener: object): void } | undefined;
  const { adoptRaw } = await import('../../../../src/node/socket/socket-port.js');
  node.port.start({
    message: (_, [raw]) => void (outer = adoptRaw(raw as object)),
    unreadable() {},
    close() {},
  });
  const [first, inner] = [new MessageChannel(), new MessageChannel()];
  ports.push(first.port1, inner.port1);
  page.postMessage('outer', [first.port2]);
  await until(() => outer !== undefined);
  first.port1.postMessage('x'.repeat(60_000)); // more than one that nobody has started takes
  first.port1.postMessage('inner', [inner.port2]);
  const closed = new Promise((resolve) => inner.port1.addEventListener('close', resolve));
  inner.port1.start();
  await flood(inner.port1, 3 * MAX);
  await closed;
  // Who starts it at last gets what came before, and the other port, closed.
  const given = new Promise<object>((resolve) =>
    outer?.start({ message: (_: unknown, [raw]: object[]) => raw && resolve(raw), unreadable() {}, close() {} }),
  );
  const port = adoptRaw(await given);
  await new Promise<string>((resolve) => port.start({ message() {}, unreadable() {}, close: resolve }));
});
