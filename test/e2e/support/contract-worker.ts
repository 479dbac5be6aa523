// A dedicated worker: runs the contracts over its own ports, or relays those of the page that made it.

import { MessagePortPort } from '../../../src/core/port/message-port.js';
import { relay } from '../../../src/core/port/relay.js';
import { domKind, kindOf, runCase } from './contract-names.js';
import { allCases } from '../../contract/contracts.js';

const cases = allCases(kindOf(() => new MessageChannel()));

onmessage = async ({ data, ports }: MessageEvent<string>) => {
  if (ports.length === 0) return postMessage(await runCase(cases, data));
  const [a, b] = ports.map((raw) => ({ port: new MessagePortPort(raw), kind: domKind })) as [never, never];
  relay(a, b);
};
