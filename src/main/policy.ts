import { realpathSync } from 'node:fs';
import { isAbsolute, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { show } from '../core/errors/mesh-error.js';
import { everything, grantProblem, type Grant } from '../core/directory/grant.js';
import type { Authorize, Candidate } from './candidate.js';

/** What came of asking the policy. */
export type Verdict = { readonly grant: Grant } | { readonly refusal: string; readonly cause?: unknown };

export interface PolicyOptions {
  readonly origins: readonly string[];
  readonly authorize?: Authorize | undefined;
  /** The application's own folder or archive. */
  readonly appPath: string;
}

/**
 * Who may join. Without `authorize`: the top frame, and frames in it of the same origin, of a document that belongs to the
 * application: a file under its own path, or of an origin it lists. Never an opaque origin.
 */
export async function judge(candidate: Candidate, options: PolicyOptions): Promise<Verdict> {
  return options.authorize ? ask(candidate, options.authorize) : byDefault(candidate, options);
}

async function ask(candidate: Candidate, authorize: Authorize): Promise<Verdict> {
  let answer: unknown;
  try {
    answer = await authorize(candidate);
  } catch (cause) {
    return { refusal: `the bridge's authorize() threw. See the bridge's 'refused' event.`, cause };
  }
  if (answer === true) return { grant: everything };
  if (answer === false) return { refusal: `the bridge's authorize() refused ${describe(candidate)}.` };
  const problem = grantProblem(answer);
  if (!problem) return { grant: answer as Grant };
  return {
    refusal: `the bridge's authorize() returned ${show(answer)}: ${problem}. It must return a grant, true or false.`,
  };
}

function byDefault(candidate: Candidate, { origins, appPath }: PolicyOptions): Verdict {
  const { origin, topOrigin, url } = candidate;
  if (origin === 'null') {
    return { refusal: `${describe(candidate)} has an opaque origin. Only createBridge({ authorize }) can let it in.` };
  }
  if (!origins.includes(origin) && !isUnder(url, appPath)) {
    const fix = url.startsWith('file:')
      ? `It is no file of the app; createBridge({ authorize }) can let it in.`
      : `Allow its origin with createBridge({ origins: ['${origin}'] }).`;
    return { refusal: `${describe(candidate)} is not the app's own. ${fix}` };
  }
  if (!candidate.frame.top && origin !== topOrigin) {
    return {
      refusal: `${describe(candidate)} is a frame in a window of another origin (${topOrigin}). createBridge({ authorize }) can let it in.`,
    };
  }
  return { grant: everything };
}

function describe({ frame, origin, url }: Candidate): string {
  return `the ${frame.top ? 'window' : 'frame'} at ${url.slice(0, 200)} (origin ${origin})`;
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
