// Two sides that know one secret recognise each other; neither shows it.
//
// A message is its length (4 bytes, big endian, at most 4,096) and JSON. D dials, L listens.
//
// 1. D: `portmesh` { version, format, role, id, at, nonce }     version of the wire; format of V8's serialization; at: the port it
//                                                               dialed, 0 for a path
// 2. L: `portmesh` { version, format, nonce, proof }            HMAC-SHA256 under the key of this role and id, of 1 and of all else
//                                                               in this message
// 3. D: { proof, hello }                                        of 1, L's nonce, and the hello, which is a text
// 4. L: {}                                                      from here on the socket belongs to both
//
// Whoever doesn't go on says { refused: [code, text] } in place of its message, and closes. An id that L doesn't know has a key that
// nobody knows, so from outside it looks like one whose key is wrong. `at` is compared with L's own port: a stranger at a port that
// a broker has left can't have D and another broker recognise each other through it.
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { invalid, show, type MeshErrorCode } from '../../core/errors/mesh-error.js';
import type { Patience } from './deadline.js';
import { prove, proves, type Key } from './proof.js';
import { converse, MAGIC, MAX_MESSAGE, Refusal, versions, type Talk } from './talk.js';

/** What a connection is for. */
export type Role = 'peer' | 'bridge' | 'link';

export interface Greeting extends Patience {
  readonly role: Role;
  /** Of the key: which one it is. */
  readonly id: string;
  readonly key: Key;
  /** What the listener learns once it knows who this is. As JSON up to 3,900 bytes. */
  readonly hello: unknown;
}

export interface Reception {
  /** The secret of those who come as `role` with `id`; `undefined`: there is none such. */
  readonly key: (role: string, id: string) => Key | undefined;
  /** Milliseconds for all of the handshake. */
  readonly timeout: number;
  /** Bytes that may come before it is known who sends them. */
  readonly maxBytes: number;
  /** What begins the errors. @default 'the handshake' */
  readonly call?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Who has come. */
export interface Guest {
  readonly role: string;
  readonly id: string;
  readonly hello: unknown;
}

/** What to look at if the other side knows another secret. */
const secretOf: Record<Role, string> = {
  peer: "The token of connect({ broker }) must be the broker's secrets.peer (PORTMESH_PEER_SECRET of its command line).",
  bridge:
    "The token of bridge.joinBroker() must be the broker's secrets.bridge (PORTMESH_BRIDGE_SECRET of its command line), and a broker " +
    'without one takes no bridges.',
  link: 'A ticket is good once, and for a few seconds.',
};

/** All that is known then: below Node, a process that can't open one more file closes what it is to take. */
const silent = 'Has its process just ended, or too many files open (ulimit -n)?';

const MAX_NAME = 256;
const MAX_TEXT = 300;

/**
 * The dialer's side, right after the connection was made. When it resolves the socket is free for use, and holds what came behind.
 *
 * @throws MeshError (rejects; the socket is destroyed) `NOT_AUTHORIZED`, `VERSION_MISMATCH`, `PROTOCOL`: something else listens
 * there; `LIMIT`: too many come at once; `BRIDGE_GONE`, `TIMEOUT`, `ABORTED`, `INVALID_ARGUMENT`
 */
export async function greet(socket: Socket, greeting: Greeting): Promise<void> {
  const { role, id, key, call } = greeting;
  const options = { ...greeting, other: 'the other side', gone: 'BRIDGE_GONE', silent, maxBytes: Infinity } as const;
  return converse(socket, options, async (talk) => {
    const first = JSON.stringify({ ...versions, role, id, at: socket.remotePort ?? 0, nonce: nonce() });
    const hello = JSON.stringify(greeting.hello ?? null);
    // A nonce is as long as a proof.
    const size = Math.max(...[first, JSON.stringify({ proof: nonce(), hello })].map((text) => Buffer.byteLength(text)));
    if (size > MAX_MESSAGE) throw invalid(call, `id and hello have ${size} bytes, and ${MAX_MESSAGE} are the most.`);
    talk.send(first);
    const begin = await talk.bytes(MAGIC.length);
    if (!begin.equals(MAGIC))
      throw new Refusal(talk.error('PROTOCOL', `something else listens there: it says ${quote(begin)}.`));
    const { said } = await talk.message();
    checkVersions(talk, said);
    checkRefused(talk, said);
    const { nonce: theirs, proof } = said;
    if (!isName(theirs) || !proves(proof, key, 'listener', first, versions.version, versions.format, theirs)) {
      throw talk.refuse('NOT_AUTHORIZED', `the other side knows another secret, or none. ${secretOf[role]}`);
    }
    talk.send(JSON.stringify({ proof: prove(key, 'dialer', first, theirs, hello), hello }));
    checkRefused(talk, (await talk.message()).said);
  });
}

/**
 * The listener's side. When it resolves the socket is free for use, and holds what came behind.
 *
 * @throws MeshError (rejects; the socket is destroyed, at once or when the other side has heard why) `NOT_AUTHORIZED`,
 * `VERSION_MISMATCH`, `PROTOCOL`, `LIMIT`, `TIMEOUT`, `ABORTED`
 */
export async function receive(socket: Socket, reception: Reception): Promise<Guest> {
  const { call = 'the handshake' } = reception;
  return converse(socket, { ...reception, call, other: 'the other side', gone: 'PROTOCOL' }, async (talk) => {
    const begin = await talk.bytes(MAGIC.length);
    if (!begin.equals(MAGIC)) throw stranger(talk, begin);
    const { text: first, said } = await talk.message();
    checkVersions(talk, said);
    const { role, id, at, nonce: theirs } = said;
    if (!isName(role) || !isName(id) || !isName(theirs)) throw talk.refuse('PROTOCOL', 'role, id and nonce are texts.');
    const { localPort = 0 } = socket;
    if (at !== localPort) {
      const problem = `it dialed port ${show(at)}, and has come to ${localPort}. Don't forward ports: a mesh is of one machine.`;
      throw talk.refuse('PROTOCOL', problem);
    }
    const key = reception.key(role, id) ?? randomBytes(32);
    const ours = nonce();
    const proof = prove(key, 'listener', first, versions.version, versions.format, ours);
    talk.send(JSON.stringify({ ...versions, nonce: ours, proof }));
    const { proof: theirProof, hello } = (await talk.message()).said;
    if (typeof hello !== 'string' || !proves(theirProof, key, 'dialer', first, ours, hello)) {
      const fix = Object.hasOwn(secretOf, role) ? ` ${secretOf[role as Role]}` : '';
      throw talk.refuse('NOT_AUTHORIZED', `no such ${role}, or wrong secret: ${show(id)}.${fix}`);
    }
    const guest = { role, id, hello: parse(talk, hello) };
    talk.send('{}');
    return guest;
  });
}

function nonce(): string {
  return randomBytes(32).toString('base64');
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_NAME;
}

/** Before all else: of another version's message nothing else need make sense. */
function checkVersions(talk: Talk, { version, format }: Record<string, unknown>): void {
  if (!Number.isInteger(version) || !Number.isInteger(format)) {
    throw talk.refuse('PROTOCOL', 'the first message has no version.');
  }
  if (version !== versions.version) {
    const problem = `one side speaks version ${versions.version} of the wire, the other ${version as number}.`;
    throw talk.refuse('VERSION_MISMATCH', `${problem} Use one version of portmesh in all processes.`);
  }
  if (format !== versions.format) {
    const problem = `the V8 of one side writes format ${versions.format}, that of the other ${format as number}.`;
    throw talk.refuse(
      'VERSION_MISMATCH',
      `${problem} Use versions of Node.js and Electron whose V8 is not as far apart.`,
    );
  }
}

/** What a listener may say in place of its message. It may be anybody: only so much is believed. */
function checkRefused(talk: Talk, { refused }: Record<string, unknown>): void {
  if (refused === undefined) return;
  const [code, text] = Array.isArray(refused) ? (refused as unknown[]) : [];
  const known = refusals.find((each) => each === code) ?? 'PROTOCOL';
  throw new Refusal(talk.error(known, `refused by the other side: ${quote(typeof text === 'string' ? text : '')}`));
}

const refusals: readonly MeshErrorCode[] = ['NOT_AUTHORIZED', 'VERSION_MISMATCH', 'PROTOCOL', 'LIMIT'];

/** Of something that is no dialer of ours. */
function stranger(talk: Talk, begin: Buffer): Refusal {
  const text = begin.toString('latin1');
  if (/^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE|PRI) /.test(text)) {
    return new Refusal(talk.error('PROTOCOL', 'the other side speaks HTTP: a browser?'), notHttp);
  }
  const tls = begin[0] === 0x16 && begin[1] === 3;
  return new Refusal(
    talk.error('PROTOCOL', `the other side ${tls ? 'speaks TLS' : `says ${quote(text)}`}, not portmesh.`),
  );
}

const body = 'This port speaks the protocol of portmesh, a message bus for Electron and Node.js, and not HTTP.\n';
const notHttp = [
  'HTTP/1.1 400 Bad Request',
  'Content-Type: text/plain; charset=utf-8',
  `Content-Length: ${Buffer.byteLength(body)}`,
  'X-Content-Type-Options: nosniff',
  'Connection: close',
  '',
  body,
].join('\r\n');

function parse(talk: Talk, hello: string): unknown {
  try {
    return JSON.parse(hello);
  } catch {
    throw talk.refuse('PROTOCOL', 'the hello is no JSON.');
  }
}

/** What a stranger says, fit for a log. */
function quote(said: string | Buffer): string {
  return JSON.stringify(said.toString('latin1').slice(0, MAX_TEXT));
}
