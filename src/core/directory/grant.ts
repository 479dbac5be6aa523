import { isName } from '../wire/frames.js';

/**
 * What a peer may do. Each member is a list of names, or of beginnings of names: `'doc:*'` is every name that begins with `doc:`,
 * `'*'` every name. What isn't given is not restricted, but for `names`.
 *
 * @example
 * createBridge({ authorize: ({ origin }) => origin === 'app://widget' && { send: ['doc:*'], receive: [], services: [] } });
 */
export interface Grant {
  /** Names it may take although they are reserved, or held by another origin. @default none */
  readonly names?: readonly string[];
  /** Channels it may send events to, and make requests, streams and ports on. @default all */
  readonly send?: readonly string[];
  /** Channels it may listen to, and handle: events, requests, streams and ports. @default all */
  readonly receive?: readonly string[];
  /** Typed services it may use. Their calls, events and callbacks are not judged by `send` and `receive`. @default all */
  readonly services?: readonly string[];
  /** Typed services it may provide: give `[]` to one that only uses some. @default the same as `services` */
  readonly provides?: readonly string[];
  /** Names of the peers it may link to, and is shown. Both sides must be granted each other. @default all */
  readonly peers?: readonly string[];
  /**
   * Whether it may ask for the mesh's whole state: `bus.queryState()`. That shows all peers, whatever `peers` says.
   * @default false for pages, and where `peers` is given; true for others
   */
  readonly state?: boolean;
}

const members = ['names', 'send', 'receive', 'services', 'provides', 'peers'] as const;

/**
 * How the channels of typed services begin. `service:files` are calls of `files`, `service:files/changed` is an event of it, and
 * `service:` alone is what was passed by reference, which whoever has the reference may use.
 */
export const SERVICE = 'service:';

/** What a peer does on a channel: `send` events, `ask` for something, `listen` to events, `handle` what is asked. */
export type Act = 'send' | 'ask' | 'listen' | 'handle';

/** Names, or beginnings, in one list at most. */
const MAX_RULES = 1000;

/** The grant of those who may do everything that needs no grant. */
export const everything: Grant = {};

/** Whether a list of a grant holds a name; one that isn't given holds all. */
export function allows(rules: readonly string[] | undefined, name: string): boolean {
  return rules === undefined || rules.some((rule) => covers(rule, name));
}

/** What of a grant judges it when somebody does something on a channel, and by which name. */
export function judging(act: Act, channel: string): readonly ['send' | 'receive' | 'services' | 'provides', string] {
  if (!channel.startsWith(SERVICE)) return [act === 'send' || act === 'ask' ? 'send' : 'receive', channel];
  const [name] = channel.slice(SERVICE.length).split('/') as [string];
  return [act === 'ask' || act === 'listen' ? 'services' : 'provides', name];
}

/** Whether a grant lets a peer do something on a channel. */
export function permits(grant: Grant, act: Act, channel: string): boolean {
  const [member, name] = judging(act, channel);
  return channel === SERVICE || allows(grant[member] ?? (member === 'provides' ? grant.services : undefined), name);
}

/** Whether a peer may send, and ask, whatever it likes: then there is nothing to look up. */
export function sendsAll({ send, services, provides }: Grant): boolean {
  return send === undefined && services === undefined && provides === undefined;
}

/**
 * What both of two grants allow.
 * @param state whether one that doesn't say so may ask for the state of the mesh
 */
export function intersect(a: Grant, b: Grant, state = false): Grant {
  const both: { [K in (typeof members)[number]]?: readonly string[] } & { state?: boolean } = {};
  if (a.state !== undefined || b.state !== undefined) both.state = showsState(a, state) && showsState(b, state);
  for (const member of members) {
    const [rules, others] = [rulesOf(a, member), rulesOf(b, member)];
    if (member === 'names') both.names = common(rules ?? [], others ?? []);
    else if (rules && others) both[member] = common(rules, others);
    else if (rules ?? others) both[member] = (rules ?? others) as readonly string[];
  }
  return both;
}

/**
 * Whether a grant lets a peer ask for the state of the mesh, which tells of all peers: so not of itself where it may see some only.
 * @param state what holds for one that restricts nothing
 */
export function showsState(grant: Grant, state: boolean): boolean {
  return grant.state ?? (state && grant.peers === undefined);
}

function rulesOf(grant: Grant, member: (typeof members)[number]): readonly string[] | undefined {
  return grant[member] ?? (member === 'provides' ? grant.services : undefined);
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
