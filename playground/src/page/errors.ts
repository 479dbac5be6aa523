import { MeshError } from 'portmesh';
import { make, type Content } from './dom.js';
import type { Entry } from './log.js';

/** Ends an entry with an error: what it is in a line, its stack, local and remote, folded below. */
export function settleWithError(entry: Entry, error: unknown): void {
  entry.settle('failed', ...describe(error));
  if (error instanceof Error && error.stack)
    entry.fold(hasRemoteStack(error) ? 'both stacks' : 'stack', stackOf(error));
}

function describe(error: unknown): Content[] {
  if (MeshError.is(error)) {
    const badges: Content[] = [make('code', '', error.code)];
    if (error.reason) badges.push(' ', make('code', '', error.reason));
    return [...badges, ' ', error.message];
  }
  if (error instanceof Error) return [make('code', '', error.name), ' ', error.message];
  return [String(error)];
}

/** The remote stack follows a line that names the peer it is from. */
function hasRemoteStack(error: Error): boolean {
  return /^ +--- .* ---$/m.test(error.stack ?? '');
}

function stackOf(error: Error): string {
  const { cause } = error;
  const stack = tidy(error.stack ?? String(error));
  return cause instanceof Error ? `${stack}\n\nCaused by: ${stackOf(cause)}` : stack;
}

/** Without the addresses of the scripts, which are long and say nothing: each peer has one. */
function tidy(stack: string): string {
  return stack.replace(/^ +at /gm, '  at ').replace(/\b(?:file|app):\/\/\S*\//g, '');
}
