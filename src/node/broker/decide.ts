import { askInTime } from '../../core/broker/authorize.js';
import { everything, type Grant } from '../../core/directory/grant.js';
import { MeshError } from '../../core/errors/mesh-error.js';
import { grantOf, type CheckedBroker, type NodeCandidate } from './options.js';

/**
 * What the application's `authorize()` grants a candidate; or why it is not let in, with the cause, which is not for the candidate.
 *
 * @param whose in whose name it asks, where that isn't its own
 */
export async function decide(
  { authorize, authorizeTimeout }: Pick<CheckedBroker, 'authorize' | 'authorizeTimeout'>,
  candidate: NodeCandidate,
  whose = '',
): Promise<Grant | MeshError> {
  const who = `'${candidate.name}'${whose}`;
  const asked = await askInTime(authorize, candidate, `the broker's authorize() for ${who}`, authorizeTimeout);
  if ('late' in asked) return new MeshError('TIMEOUT', asked.late);
  try {
    if ('thrown' in asked) throw asked.thrown;
    const grant = grantOf(asked.answer, everything);
    return grant ?? new MeshError('NOT_AUTHORIZED', `the broker's authorize() refused ${who}.`);
  } catch (cause) {
    const failed = `the broker's authorize() failed for ${who}: see error.cause in its 'refused' event.`;
    return new MeshError('NOT_AUTHORIZED', failed, { cause });
  }
}
