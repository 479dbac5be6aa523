import type { IpcMain, IpcMainEvent, MessagePortMain, WebContents, WebFrameMain } from 'electron';
import { isNonce, isVouch, type Vouch } from '../core/broker/asking.js';
import { refuse } from '../core/broker/hub.js';
import { HELLO, JOIN, READY } from '../core/broker/joining.js';
import { intersect, type Grant } from '../core/directory/grant.js';
import type { Peer } from '../core/directory/peer.js';
import type { Port } from '../core/port/port.js';
import { isPeerName } from '../core/wire/frames.js';
import type { Candidate } from './candidate.js';
import { frameKey, readFrame, type Place } from './frames.js';
import { judge, type PolicyOptions, type Verdict } from './policy.js';
import type { Reception } from './reception.js';
import type { DocumentRecord, Registry } from './registry.js';
import { Shares } from './shares.js';
import { Turnstile } from './turnstile.js';
import { readVouched } from './vouched.js';
import { WaitingPort } from './waiting-port.js';
import { withoutHash, type Watcher } from './watcher.js';

export interface PageJoinsParts {
  readonly ipcMain: Pick<IpcMain, 'on' | 'off' | 'listenerCount'>;
  readonly policy: PolicyOptions;
  readonly registry: Registry;
  readonly watcher: Watcher;
  readonly reception: Reception;
  adopt(raw: MessagePortMain): Port;
}

/** What a preload passes on: see joining.ts. */
interface Request {
  readonly nonce: string;
  readonly name: string | undefined;
  readonly version: number;
  readonly vouch: Vouch | undefined;
}

interface Joiner {
  readonly port: WaitingPort;
  readonly request: Request;
  readonly frame: WebFrameMain;
  readonly contents: WebContents;
  /** The page that asks, for itself or for what it shares. */
  readonly candidate: Candidate;
  readonly place: Place;
}

/** How pages join, and the frames and workers that they share: each through the preload of a document. */
export class PageJoins {
  readonly #parts: PageJoinsParts;
  readonly #reception: Reception;
  readonly #turnstile: Turnstile;
  /** The documents whose own joins the policy thinks about: what they share meanwhile waits for that. */
  readonly #joining = new Map<string, Promise<void>>();

  constructor(parts: PageJoinsParts) {
    this.#parts = parts;
    this.#reception = parts.reception;
    this.#turnstile = new Turnstile(parts.reception.limits.seats);
    parts.ipcMain.on(HELLO, this.#onHello);
    parts.ipcMain.on(JOIN, this.#onJoin);
  }

  close(): void {
    const { ipcMain } = this.#parts;
    ipcMain.off(HELLO, this.#onHello);
    ipcMain.off(JOIN, this.#onJoin);
  }

  readonly #onHello = (event: IpcMainEvent): void => {
    try {
      event.reply(READY);
    } catch {
      // the frame is gone already
    }
  };

  readonly #onJoin = (event: IpcMainEvent, message: unknown): void => {
    // The frame is read at once: a moment later it may be null, or another document's.
    const frame = event.senderFrame;
    const contents = event.sender;
    const reception = this.#reception;
    // A plain `send` has no ports at all.
    const [raw, ...more] = (event.ports as MessagePortMain[] | undefined) ?? [];
    for (const port of more) port.close();
    if (!raw) return reception.malformed('a join without a port', undefined);
    const port = this.#parts.adopt(raw);
    if (!this.#passes(port, contents, frame, message)) return;
    const request = readRequest(message);
    if (!request) {
      refuse(port, 'PROTOCOL', 'the join is malformed. Use the preload and connect() of one version of portmesh.');
      return reception.malformed('a join that makes no sense', undefined);
    }
    if (reception.refuseVersion(port, 'the page', request.version)) return;
    const read = frame && readFrame(frame, contents, request.name);
    if (!read) {
      return reception.refuse(port, undefined, { code: 'NOT_AUTHORIZED', message: 'the frame is gone already.' });
    }
    const joiner = { port: new WaitingPort(port), request, frame, contents, ...read };
    const { nonce, vouch } = request;
    const joined = (vouch ? this.#joinVouched(joiner, vouch) : this.#join(joiner)).catch((cause: unknown) =>
      reception.refuse(joiner.port, read.candidate, {
        code: 'NOT_AUTHORIZED',
        message: 'the bridge failed while it looked at the frame.',
        cause,
      }),
    );
    if (!vouch) this.#remember(nonce, joined);
  };

  #remember(nonce: string, joined: Promise<void>): void {
    const all = Promise.all([this.#joining.get(nonce), joined]).then(() => {
      if (this.#joining.get(nonce) === all) this.#joining.delete(nonce);
    });
    this.#joining.set(nonce, all);
  }

  /** False, and refused, if this frame asks too often. Before anything is looked at: that costs more. */
  #passes(port: Port, contents: WebContents, frame: WebFrameMain | null, message: unknown): boolean {
    const shares = Array.isArray(message) && Boolean(message[3]);
    const turn = this.#turnstile.turn(`${contents.id}/${frameKey(frame)}${shares ? '/shares' : ''}`);
    if (turn.bucket.full) turn.told = false;
    const passes = turn.bucket.take();
    if (!passes) {
      const who = shares ? 'what this page shares' : 'this frame';
      const text = `${who} asks to join too often: ${this.#turnstile.rule}. Is connect() called in a loop?`;
      this.#reception.refuse(port, undefined, { code: 'LIMIT', message: text, told: !turn.told });
      turn.told = true;
    }
    return passes;
  }

  async #join(joiner: Joiner): Promise<void> {
    const { port, request, candidate, place } = joiner;
    const verdict = await judge(candidate, this.#parts.policy);
    const grant = this.#grant(port, candidate, verdict);
    if (!grant) return;
    const known = this.#parts.registry.document(request.nonce);
    if (known && !isSame(known, joiner)) {
      const message = 'the document that asks is not the one that its preload names.';
      return this.#reception.refuse(port, candidate, { code: 'NOT_AUTHORIZED', message });
    }
    const document = known ?? makeDocument(request.nonce, candidate, place, joiner.contents.id, undefined);
    this.#seat(joiner, candidate, document, this.#reception.nextId(), grant, candidate.origin);
  }

  /** The page vouches for a frame or a worker: the port is that one's. */
  async #joinVouched(joiner: Joiner, vouch: Vouch): Promise<void> {
    const { port, request, candidate: owner } = joiner;
    const refuseIt = (message: string): void =>
      this.#reception.refuse(port, owner, { code: 'NOT_AUTHORIZED', message });
    if (!this.#voucher(joiner)) await this.#joining.get(request.nonce);
    const voucher = this.#voucher(joiner);
    if (!voucher) return refuseIt('the page that shares it is not in the mesh itself. connect() in the page first.');
    const id = this.#reception.nextId();
    const vouched = readVouched(vouch, request.name, { ...joiner, peer: voucher }, id);
    if (!vouched) return refuseIt(`the page that shares it has no frame of the origin ${vouch.origin}.`);
    const { candidate, place } = vouched;
    const verdict = await judge(candidate, this.#parts.policy);
    const granted = this.#grant(port, candidate, verdict);
    if (!granted) return;
    const owning = this.#parts.registry.documentOf(voucher.id);
    if (owning) this.#endBefore(vouch, owning, candidate);
    // While the policy thought about it, or by what those leaves made the application do, its owner may have left.
    const own = this.#reception.grantOf(voucher);
    if (!own || !owning || owning.reason) return refuseIt('the page that shares it has left.');
    const shared = intersect(own, vouch.grant);
    const grant = this.#parts.policy.authorize ? intersect(shared, granted) : shared;
    const document =
      vouch.type === 'worker'
        ? owning
        : makeDocument(`${owning.nonce}/${id}`, candidate, place, joiner.contents.id, owning);
    // Opaque origins can't be told apart, but their owners can; and of any other the owner's word is all there is: it must not
    // get the names of that origin's own pages by it.
    const holder = candidate.origin === owner.origin ? owner.origin : `${candidate.origin} in ${owner.origin}`;
    this.#seat(joiner, candidate, document, id, grant, holder);
  }

  /** The seat of the page that vouches, while it is in the mesh. */
  #voucher(joiner: Joiner): Peer | undefined {
    const document = this.#parts.registry.document(joiner.request.nonce);
    if (!document || document.reason || !isSame(document, joiner)) return undefined;
    return this.#parts.registry.seats(document)[0];
  }

  /** What the policy grants; if it refuses, that is told, and `undefined`. So if nobody waits for it any more: that would be no peer. */
  #grant(port: WaitingPort, candidate: Candidate, verdict: Verdict): Grant | undefined {
    if (this.#reception.isClosed) {
      refuse(port, 'BRIDGE_GONE', 'the bridge was closed.');
      return undefined;
    }
    if ('grant' in verdict) return port.isGone ? undefined : verdict.grant;
    const { refusal: message, code = 'NOT_AUTHORIZED', final, cause } = verdict;
    this.#reception.refuse(port, candidate, { code, message, final, cause });
    return undefined;
  }

  #seat(
    { port, request, contents }: Joiner,
    candidate: Candidate,
    document: DocumentRecord,
    id: string,
    grant: Grant,
    holder: string,
  ): void {
    const { registry, watcher } = this.#parts;
    const { vouch } = request;
    const { shares } = document.owner ?? document;
    const full = this.#full(document, vouch, shares);
    if (full) return this.#reception.refuse(port, candidate, { code: 'LIMIT', message: full });
    // Last: a name is held by those only who get in.
    const problem = request.name !== undefined && this.#reception.names.take(candidate.name, holder, grant.names);
    if (problem) return this.#reception.refuse(port, candidate, { code: 'NOT_AUTHORIZED', message: problem });
    const { name, type, origin, url, process, frame, via } = candidate;
    const peer: Peer = {
      id,
      name,
      type,
      origin,
      process,
      ...(frame && { frame: { ...frame, url } }),
      ...(via && { via: via.id }),
    };
    if (!contents.isDestroyed()) watcher.watch(contents);
    registry.add(document, peer);
    if (vouch) shares.add(vouch, peer);
    this.#reception.admit(peer, port, grant);
  }

  /** Why there is no seat for it, in words. */
  #full(document: DocumentRecord, vouch: Vouch | undefined, shares: Shares): string | undefined {
    const { seats } = this.#reception.limits;
    if (vouch) return shares.problem(vouch, seats);
    const taken = this.#parts.registry.seats(document).length;
    return taken < seats ? undefined : `this document has ${seats} seats already. close() those no longer used.`;
  }

  /** Another document is in the frame now: the one before is gone, whether its ports have closed yet or not. */
  #endBefore(vouch: Vouch, owner: DocumentRecord, { url }: Candidate): void {
    for (const peer of owner.shares.before(vouch)) {
      const document = this.#parts.registry.documentOf(peer.id);
      const same = url !== '' && withoutHash(document?.url ?? '') === withoutHash(url);
      this.#reception.end(peer, document?.reason ?? (same ? 'reloaded' : 'navigated'));
    }
  }
}

function readRequest(message: unknown): Request | undefined {
  if (!Array.isArray(message)) return undefined;
  const [nonce, name, version, vouch] = message as unknown[];
  if (!isNonce(nonce) || !(name === undefined || isPeerName(name)) || typeof version !== 'number') return undefined;
  if (vouch !== undefined && vouch !== null && !isVouch(vouch)) return undefined;
  return { nonce, name, version, vouch: vouch ?? undefined };
}

/** Whether a document known by the nonce is that of the frame that asks now. */
function isSame(document: DocumentRecord, { candidate, place }: Joiner): boolean {
  return document.process === candidate.process.id && document.frame === place.frame;
}

function makeDocument(
  nonce: string,
  { origin, url, process, frame }: Candidate,
  place: Place,
  webContents: number,
  owner: DocumentRecord | undefined,
): DocumentRecord {
  return {
    ...place,
    nonce,
    process: process.id,
    pid: process.pid,
    webContents,
    routing: frame?.routing,
    top: frame?.top ?? false,
    origin,
    url,
    owner,
    peers: new Map(),
    shares: new Shares(),
    reason: undefined,
  };
}
