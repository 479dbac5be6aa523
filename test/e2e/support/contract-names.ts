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

const none: PortKind = {
  adopt: (raw) => raw as never,
  make() {
    throw new Error('only the names are wanted');
  },
};

export const contractNames = [...allCases(none).keys()];
