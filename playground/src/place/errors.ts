import { MeshError } from 'portmesh';
import type { Piece } from './entry.js';

/** What an error is, in a line. */
export function describeError(error: unknown): Piece[] {
  if (MeshError.is(error)) {
    const reason: Piece[] = error.reason ? [' ', { code: error.reason }] : [];
    return [{ code: error.code }, ...reason, ' ', error.message];
  }
  if (error instanceof Error) return [{ code: error.name }, ' ', error.message];
  return [String(error)];
}

/** The stack, that of the other side, and its causes'. */
export function stackOf(error: Error): string {
  const { cause } = error;
  const stack = tidy(error.stack ?? String(error));
  return cause instanceof Error ? `${stack}\n\nCaused by: ${stackOf(cause)}` : stack;
}

/** Without the addresses of the scripts, which are long and say nothing: each peer has one. */
function tidy(stack: string): string {
  return stack.replace(/^ +at /gm, '  at ').replace(/\b(?:file|app):\/\/\S*\/|(?<=\()\/\S*\//g, '');
}
