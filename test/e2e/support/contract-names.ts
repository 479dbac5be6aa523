import { busContract } from '../../contract/bus-contract.js';
import type { Case } from '../../contract/case.js';
import { linkContract } from '../../contract/link-contract.js';
import { portContract, type WholePortKind } from '../../contract/port-contract.js';

/** All contracts over one kind of port, by the name they go by. */
export function allCases(kind: WholePortKind): Map<string, Case> {
  const named = (what: string, cases: Case[]): [string, Case][] => cases.map((each) => [`${what}: ${each.name}`, each]);
  return new Map([
    ...named('port', portContract(kind)),
    ...named('link', linkContract(kind)),
    ...named('bus', busContract(kind)),
  ]);
}

/** Runs one of them; returns what went wrong, `''` if nothing did. */
export async function runCase(cases: Map<string, Case>, name: string): Promise<string> {
  try {
    await (cases.get(name) as Case).run();
    return '';
  } catch (error) {
    return error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error);
  }
}

const none: WholePortKind = {
  adopt: (raw) => raw as never,
  make() {
    throw new Error('only the names are wanted');
  },
};

export const contractNames = [...allCases(none).keys()];
