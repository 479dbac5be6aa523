import { MessageChannel as NodeChannel } from 'node:worker_threads';
import { afterAll, describe, it } from 'vitest';
import { nodePorts } from '../../src/core/port/kinds.js';
import type { Port } from '../../src/core/port/port.js';
import { relay } from '../../src/core/port/relay.js';
import { Mux } from '../../src/node/socket/mux.js';
import { adoptRaw, socketKind } from '../../src/node/socket/socket-port.js';
import { allCases } from './contracts.js';
import type { PortKind } from './port-contract.js';
import { SocketPairs } from './socket-pairs.js';
import { TunnelPairs } from './tunnel-pairs.js';

const [unix, tcp] = [await SocketPairs.open('unix'), await SocketPairs.open('tcp')];
const tunnels = await TunnelPairs.open(connected(unix));
afterAll(async () => {
  tunnels.close();
  await Promise.all([unix.close(), tcp.close()]);
});

function connected(pairs: SocketPairs): readonly [Mux, Mux] {
  const [dialed, accepted] = pairs.take();
  return [new Mux(dialed, { side: 'dialer' }), new Mux(accepted, { side: 'listener' })];
}

function overSockets(pairs: SocketPairs): PortKind {
  return {
    make() {
      const [a, b] = connected(pairs);
      return [a.port, b.port];
    },
    raw() {
      const [a, b] = connected(pairs);
      return [a.port.detach() as object, b.port.detach() as object];
    },
    adopt: adoptRaw,
  };
}

const node = nodePorts(NodeChannel);

const kinds: Record<string, PortKind> = {
  'unix sockets': overSockets(unix),
  'TCP sockets': overSockets(tcp),
  'ports on one connection': {
    make() {
      const [a, b] = tunnels.take();
      return [adoptRaw(a), adoptRaw(b)];
    },
    raw: () => tunnels.take(),
    adopt: adoptRaw,
  },
  "unix sockets, relayed to Node's ports": {
    mixed: true,
    make() {
      const [a, b] = connected(unix);
      const { port1, port2 } = new NodeChannel();
      relay({ port: b.port, kind: socketKind }, { port: node.adopt(port1), kind: node });
      return [a.port, node.adopt(port2)];
    },
    adopt: (raw) => ('carries' in raw ? (raw as Port) : adoptRaw(raw)),
  },
};

for (const [name, kind] of Object.entries(kinds)) {
  describe(name, () => {
    for (const [behaviour, { run }] of allCases(kind)) it(behaviour, run, 30_000);
  });
}
