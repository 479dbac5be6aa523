import { MessagePortPort } from '../../../src/core/port/message-port.js';
import { allCases } from '../../contract/contracts.js';
import { runCase } from './contract-names.js';

const cases = allCases({
  make() {
    const { port1, port2 } = new MessageChannel();
    return [new MessagePortPort(port1), new MessagePortPort(port2)];
  },
  raw() {
    const { port1, port2 } = new MessageChannel();
    return [port1, port2];
  },
  adopt: (raw) => new MessagePortPort(raw as MessagePort),
});

Object.assign(window, { runCase: (name: string) => runCase(cases, name) });
