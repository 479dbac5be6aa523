import type { Grant } from '../../core/directory/grant.js';
import { everything } from '../../core/directory/grant.js';
import { within } from '../../core/within.js';
import { grantOf, type CheckedBroker, type NodeCandidate } from './options.js';

/**
 * What the application's `authorize()` grants a candidate; `undefined`: it is not let in.
 *
 * @throws MeshError `TIMEOUT` if it hasn't answered in time, `INVALID_ARGUMENT` if it has answered nonsense; else what it throws
 */
export async function decide(
  { authorize, authorizeTimeout }: Pick<CheckedBroker, 'authorize' | 'authorizeTimeout'>,
  candidate: NodeCandidate,
): Promise<Grant | undefined> {
  const answer = await within(
    { call: `the broker's authorize() for '${candidate.name}'`, timeout: authorizeTimeout },
    `no answer in ${authorizeTimeout} ms (authorizeTimeout).`,
    (resolve, reject) => {
      Promise.resolve(authorize(candidate)).then(resolve, reject);
    },
    () => {},
  );
  return grantOf(answer, everything);
}
