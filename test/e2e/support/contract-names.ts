import { MessagePortPort } from '../../../src/core/port/message-port.js';
import type { PortKind as RawKind } from '../../../src/core/port/relay.js';
import type { Case } from '../../contract/case.js';
import { allCases } from '../../contract/contracts.js';
import type { PortKind } from '../../contract/port-contract.js';

/** Runs one of them; returns what went wrong, `''` if nothing did. */
export async function runCase(cases: Map<string, Case>, name: string): Promise<string> {
  try {
    await (cases.get(name) as Case).run();
    return '';
  } catch (error) {
    return error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error);
  }
}

/** The DOM's ports, in the channels that `make` makes. */
export function kindOf(make: () => { readonly port1: MessagePort; readonly port2: MessagePort }): PortKind {
  const adopt = (raw: object): MessagePortPort => new MessagePortPort(raw as MessagePort);
  return {
    make() {
      const { port1, port2 } = make();
      return [adopt(port1), adopt(port2)];
    },
    raw() {
      const { port1, port2 } = make();
      return [port1, port2];
    },
    adopt,
  };
}

/** The same for a relay. */
export const domKind: RawKind = {
  adopt: (raw) => new MessagePortPort(raw as MessagePort),
  channel() {
    const { port1, port2 } = new MessageChannel();
    return [port1, port2];
  },
};

const none: PortKind = {
  make() {
    throw new Error('only the names are wanted');
  },
};

export const contractNames = [...allCases(none).keys()];
