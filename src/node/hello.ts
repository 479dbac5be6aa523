import { isName, isPeerName } from '../core/wire/frames.js';

/** What a peer says of itself in its handshake with a broker. It has shown the secret: what it says of its process is believed. */
export interface Hello {
  readonly name: string | undefined;
  /** One for all peers of a process. */
  readonly process: { readonly id: string; readonly pid: number };
  /** It has had a seat: which one, and what the broker had told it to show. */
  readonly resume: { readonly id: string; readonly secret: string } | undefined;
}

/** `undefined` if it makes no sense. */
export function readHello(given: unknown): Hello | undefined {
  const { name, process, resume } = Object(given) as Partial<Record<keyof Hello, unknown>>;
  const { id, pid } = Object(process) as Partial<Hello['process']>;
  if (name !== undefined && name !== null && !isPeerName(name)) return undefined;
  if (!isName(id) || !Number.isSafeInteger(pid)) return undefined;
  const hello = { name: name ?? undefined, process: { id, pid: pid as number } };
  if (resume === undefined || resume === null) return { ...hello, resume: undefined };
  const { id: seat, secret } = Object(resume) as Partial<NonNullable<Hello['resume']>>;
  return isName(seat) && isName(secret) ? { ...hello, resume: { id: seat, secret } } : undefined;
}
