import { busContract } from './bus-contract.js';
import type { Case } from './case.js';
import { comlinkContract } from './comlink-contract.js';
import { flowContract } from './flow-contract.js';
import { grantContract } from './grant-contract.js';
import { limitContract } from './limit-contract.js';
import { linkContract } from './link-contract.js';
import { livenessContract } from './liveness-contract.js';
import type { MeshKind } from './mesh-kind.js';
import { inMemory } from './mesh.js';
import { openPortContract } from './open-port-contract.js';
import { portContract, type PortKind } from './port-contract.js';
import { serviceContract } from './service-contract.js';
import { streamContract } from './stream-contract.js';

type Named = [name: string, behaviour: Case][];

const named = (what: string, cases: Case[]): Named => cases.map((each) => [`${what}: ${each.name}`, each]);

/** All contracts over one kind of port, by the name they go by. */
export function allCases(kind: PortKind): Map<string, Case> {
  return new Map([
    ...named('port', portContract(kind)),
    ...named('link', linkContract(kind)),
    ...meshCases(inMemory(kind)),
  ]);
}

/** Those of buses, in one kind of mesh. */
export function meshCases(kind: MeshKind): Named {
  return [
    ...named('bus', busContract(kind)),
    ...named('stream', streamContract(kind)),
    ...named('service', serviceContract(kind)),
    ...(kind.mixed ? [] : named('openPort', openPortContract(kind))),
    ...(kind.mixed ? [] : named('comlink', comlinkContract(kind))),
    ...named('grant', grantContract(kind)),
    ...named('flow', flowContract(kind)),
    ...named('limit', limitContract(kind)),
    // They take seconds, and their clock is the same everywhere.
    ...(kind.slow ? named('liveness', livenessContract(kind)) : []),
  ];
}
