import { isName } from '../wire/frames.js';

/**
 * What a peer may do. Each member is a list of names, or of beginnings of names: `'doc:*'` is every name that begins with `doc:`,
 * `'*'` every name. What isn't given is not restricted, but for `names`.
 *
 * @example
 * createBridge({ authorize: ({ origin }) => origin === 'app://widget' && { send: ['doc:*'], receive: [], peers: ['editor'] } });
 */
export interface Grant {
  /** Names it may take although they are reserved, or held by another origin. @default none */
  readonly names?: readonly string[];
  /** Channels it may send events to, and make requests, streams and ports on. @default all */
  readonly send?: readonly string[];
  /** Channels it may listen to, and handle: events, requests, streams and ports. @default all */
  readonly receive?: readonly string[];
  /** Services it may provide and use: for typed services, which are not there yet. @default all */
  readonly services?: readonly string[];
  /** Names of the peers it may link to, and is shown. Both sides must be granted each other. @default all */
  readonly peers?: readonly string[];
  /** Whether it may ask for the mesh's whole state: `bus.queryState()`. @default false for pages, true for others */
  readonly state?: boolean;
}

const members = ['names', 'send', 'receive', 'services', 'peers'] as const;

/** Names, or beginnings, in one list at most. */
const MAX_RULES = 1000;

/** The grant of those who may do everything that needs no grant. */
export const everything: Grant = {};

/** Whether a list of a grant holds a name; one that isn't given holds all. */
export function allows(rules: readonly string[] | undefined, name: string): boolean {
  return rules === undefined || rules.some((rule) => covers(rule, name));
}

/** What both of two grants allow. */
export function intersect(a: Grant, b: Grant): Grant {
  const both: { [K in (typeof members)[number]]?: readonly string[] } & { state?: boolean } = {};
  if (a.state !== undefined || b.state !== undefined) both.state = a.state === true && b.state === true;
  for (const member of members) {
    const [rules, others] = [a[member], b[member]];
    if (member === 'names') both.names = common(rules ?? [], others ?? []);
    else if (rules && others) both[member] = common(rules, others);
    else if (rules ?? others) both[member] = (rules ?? others) as readonly string[];
  }
  return both;
}

/** What is wrong with something given as a grant, in words; `undefined` if nothing is. */
export function grantProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'a grant is an object';
  for (const [member, rules] of Object.entries(value)) {
    if (member === 'state') {
      if (rules === undefined || typeof rules === 'boolean') continue;
      return "'state' of a grant is true or false";
    }
    if (!(members as readonly string[]).includes(member)) {
      return `a grant has no '${member}', only ${members.join(', ')} and state`;
    }
    if (rules === undefined) continue;
    if (!Array.isArray(rules) || rules.length > MAX_RULES || !Array.from(rules as unknown[]).every(isName)) {
      return `'${member}' of a grant is a list of names`;
    }
  }
  return undefined;
}

function covers(rule: string, name: string): boolean {
  return rule === name || (rule.endsWith('*') && name.startsWith(rule.slice(0, -1)));
}

/** A rule is a single name, or a beginning: of two that share a name, one covers the other. */
function common(rules: readonly string[], others: readonly string[]): string[] {
  const both = new Set<string>();
  for (const rule of rules) {
    for (const other of others) {
      if (covers(rule, other)) both.add(other);
      else if (covers(other, rule)) both.add(rule);
    }
  }
  return [...both];
}
