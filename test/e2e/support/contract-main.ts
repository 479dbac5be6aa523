import { MessageChannelMain, utilityProcess, type MessagePortMain } from 'electron';
import { join } from 'node:path';
import { ElectronPort } from '../../../src/core/port/electron-port.js';
import { CloneChecker } from '../../../src/main/clone-check.js';
import { allCases } from '../../contract/contracts.js';
import type { PortKind } from '../../contract/port-contract.js';
import { runCase } from './contract-names.js';

const { check } = new CloneChecker(MessageChannelMain);
const child = utilityProcess.fork(join(__dirname, 'contract-utility.cjs'));
// It can't make channels itself.
child.on('message', (id: number) => {
  const { port1, port2 } = new MessageChannelMain();
  child.postMessage(id, [port1, port2]);
});

function kind(ends: () => [MessagePortMain, MessagePortMain]): PortKind {
  const adopt = (raw: object): ElectronPort => new ElectronPort(raw as MessagePortMain, check);
  return {
    make: () => ends().map(adopt) as [ElectronPort, ElectronPort],
    raw: ends,
    adopt,
  };
}

const direct = allCases(
  kind(() => {
    const { port1, port2 } = new MessageChannelMain();
    return [port1, port2];
  }),
);
/** Two ends, and between them another process. */
const relayed = allCases(
  kind(() => {
    const [a, b] = [new MessageChannelMain(), new MessageChannelMain()];
    child.postMessage('relay', [a.port2, b.port1]);
    return [a.port1, b.port2];
  }),
);

Object.assign(globalThis, {
  runCase: (way: string, name: string) => runCase(way === 'direct' ? direct : relayed, name),
});
