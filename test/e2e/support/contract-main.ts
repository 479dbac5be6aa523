import { MessageChannelMain, type MessagePortMain } from 'electron';
import { ElectronPort } from '../../../src/core/port/electron-port.js';
import { CloneChecker } from '../../../src/main/clone-check.js';
import { allCases } from '../../contract/contracts.js';
import { runCase } from './contract-names.js';

const { check } = new CloneChecker(MessageChannelMain);
const cases = allCases({
  make() {
    const { port1, port2 } = new MessageChannelMain();
    return [new ElectronPort(port1, check), new ElectronPort(port2, check)];
  },
  raw() {
    const { port1, port2 } = new MessageChannelMain();
    return [port1, port2];
  },
  adopt: (raw) => new ElectronPort(raw as MessagePortMain, check),
});

Object.assign(globalThis, { runCase: (name: string) => runCase(cases, name) });
