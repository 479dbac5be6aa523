import { realpathSync } from 'node:fs';
import { isAbsolute, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { askInTime } from '../core/broker/authorize.js';
import { show } from '../core/errors/mesh-error.js';
import { everything, grantProblem, type Grant } from '../core/directory/grant.js';
import type { Authorize, Candidate } from './candidate.js';

/** What came of asking the policy. */
export type Verdict = { readonly grant: Grant } | Refusal;

export interface Refusal {
  readonly refusal: string;
  /** @default 'NOT_AUTHORIZED' */
  readonly code?: 'TIMEOUT';
  /** Whether nobody else may let it in. What the default says of a frame isn't: its owner may share it. */
  readonly final: boolean;
  readonly cause?: unknown;
}

export interface PolicyOptions {
  readonly origins: readonly string[];
  readonly authorize?: Authorize | undefined;
  /** Milliseconds that it has. */
  readonly authorizeTimeout: number;
  /** The application's own folder or archive. */
  readonly appPath: string;
}

/**
 * Who may join. Without `authorize`: the top frame, and frames in it of the same origin, of a document that belongs to the
 * application: a file under its own path, or of an origin it lists. Never an opaque origin. Who is shared by a page that is let in
 * is let in by that.
 */
export async function judge(candidate: Candidate, options: PolicyOptions): Promise<Verdict> {
  const { authorize, authorizeTimeout } = options;
  return authorize ? ask(candidate, authorize, authorizeTimeout) : byDefault(candidate, options);
}

async function ask(candidate: Candidate, authorize: Authorize, timeout: number): Promise<Verdict> {
  const call = `the bridge's authorize() for ${describe(candidate)}`;
  const asked = await askInTime(authorize, candidate, call, timeout);
  if ('late' in asked) return { refusal: asked.late, code: 'TIMEOUT', final: true };
  if ('thrown' in asked) {
    const refusal = `the bridge's authorize() threw: see error.cause in the bridge's 'refused' event.`;
    return { refusal, final: true, cause: asked.thrown };
  }
  const { answer } = asked;
  if (answer === true) return { grant: everything };
  if (answer === false) return { refusal: `the bridge's authorize() refused ${describe(candidate)}.`, final: true };
  const problem = grantProblem(answer);
  if (!problem) return { grant: answer as Grant };
  return {
    refusal: `the bridge's authorize() returned ${show(answer)}: ${problem}. It must return a grant, true or false.`,
    final: true,
  };
}

function byDefault(candidate: Candidate, { origins, appPath }: PolicyOptions): Verdict {
  if (candidate.via) return { grant: everything };
  const { origin, topOrigin, hostUrl } = candidate;
  const framed = candidate.type === 'frame';
  const share = framed ? ', or the page it is in by share(iframe)' : '';
  const refuse = (problem: string): Refusal => ({ refusal: `${describe(candidate)} ${problem}`, final: false });
  if (origin === 'null') {
    return refuse(`has an opaque origin. Only createBridge({ authorize }) can let it in${share}.`);
  }
  if (!origins.includes(origin) && !isUnder(hostUrl, appPath)) {
    const fix = origin.startsWith('file:')
      ? `It is no file of the app; createBridge({ authorize }) can let it in${share}.`
      : `Allow its origin with createBridge({ origins: ['${origin}'] }).`;
    return refuse(`is not the app's own. ${fix}`);
  }
  if (framed && origin !== topOrigin) {
    return refuse(
      `is a frame in a window of another origin (${topOrigin}). createBridge({ authorize }) can let it in${share}.`,
    );
  }
  return { grant: everything };
}

function describe({ name, type, origin, url }: Candidate): string {
  if (origin === '') return `'${name}' of a broker`;
  const what = type === 'frame' || type === 'worker' ? type : 'window';
  return url === '' ? `a ${what} of origin ${origin}` : `the ${what} at ${url.slice(0, 200)} (origin ${origin})`;
}

/** Whether a file URL lies in a folder, or an archive. The folder is compared as named and as it is on disk. */
function isUnder(url: string, folder: string): boolean {
  if (!url.startsWith('file:') || folder === '') return false;
  let file: string;
  try {
    file = fileURLToPath(url);
  } catch {
    return false;
  }
  return contains(folder, file) || contains(realPath(folder), file);
}

function contains(folder: string, file: string): boolean {
  const path = relative(folder, file);
  return path !== '' && path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path);
}

function realPath(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}
