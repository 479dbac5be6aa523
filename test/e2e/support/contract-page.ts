import { MessagePortPort } from '../../../src/core/port/message-port.js';
import { allCases, runCase } from './contract-names.js';

const cases = allCases({
  make() {
    const { port1, port2 } = new MessageChannel();
    return [new MessagePortPort(port1), new MessagePortPort(port2)];
  },
  adopt: (raw) => new MessagePortPort(raw as MessagePort),
});

Object.assign(window, { runCase: (name: string) => runCase(cases, name) });
