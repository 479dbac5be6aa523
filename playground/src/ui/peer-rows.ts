import type { LeaveReason, Peer } from 'portmesh';
import type { PlaygroundBus } from '../channels.js';
import { EVERYBODY } from '../place/deeds.js';
import { isPlace, placeNames } from '../places.js';
import type { Acts } from './acts.js';
import { hueOf, make, nameTag, part } from './dom.js';
import { identify } from './words.js';

interface Row {
  readonly element: HTMLLIElement;
  readonly choose: HTMLButtonElement;
  readonly more: HTMLElement;
}

/** Who is in the mesh, live, and who is not there now. The row that is chosen is whom the controls talk to. */
export class PeerRows {
  readonly #list = part('peers');
  readonly #count = part('peer-count');
  readonly #self: string;
  readonly #acts: Acts;
  readonly #rows = new Map<string, Row>();
  #chosen = EVERYBODY;

  constructor(self: string, acts: Acts) {
    this.#self = self;
    this.#acts = acts;
    this.#list.setAttribute('role', 'radiogroup');
    this.#list.setAttribute('aria-label', 'To');
    const all = this.#row(EVERYBODY);
    all.choose.append(make('span', 'name', 'everybody'));
    all.choose.title = 'Events: to all. Requests: to any one.';
    for (const name of placeNames) this.#absent(name);
    this.#choose(EVERYBODY);
  }

  get chosen(): string {
    return this.#chosen;
  }

  attach(bus: PlaygroundBus): void {
    for (const name of placeNames) this.#absent(name);
    for (const peer of [bus.self, ...bus.peers]) this.#here(peer);
    const count = (): void => void (this.#count.textContent = String(bus.peers.size + 1));
    count();
    bus.peers.on('join', (peer) => {
      this.#here(peer);
      count();
    });
    bus.peers.on('leave', (peer, reason) => {
      // Another one of that name may be there already.
      if (bus.peers.named(peer.name).length === 0) this.#absent(peer.name, reason);
      count();
    });
    bus.peers.on('unresponsive', ({ name }) => this.#mark(name, 'unresponsive'));
    bus.peers.on('responsive', ({ name }) => this.#mark(name, 'here'));
    bus.on('playground:blocking', () => this.#mark('main', 'blocked'));
    bus.on('playground:unblocked', () => this.#mark('main', 'here'));
    void bus.closed.then(() => {
      for (const name of this.#rows.keys()) if (name !== EVERYBODY) this.#absent(name);
      this.#count.textContent = '';
    });
  }

  #here(peer: Peer): void {
    const { name } = peer;
    const { element, choose, more } = this.#row(name);
    element.dataset['state'] = 'here';
    delete element.dataset['reason'];
    element.title = `${peer.id} in process ${peer.process.id}${peer.via ? `, let in by ${peer.via}` : ''}`;
    const mine = name === this.#self ? [make('span', 'note', 'here')] : [];
    choose.replaceChildren(nameTag(name), ...mine, make('span', 'identity', identify(peer)));
    choose.disabled = name === this.#self;
    more.replaceChildren(this.#acts.buttonsFor(peer));
    more.hidden = false;
  }

  #absent(name: string, reason?: LeaveReason): void {
    if (!isPlace(name)) {
      this.#rows.get(name)?.element.remove();
      this.#rows.delete(name);
      if (this.#chosen === name) this.#choose(EVERYBODY);
      return;
    }
    const { element, choose, more } = this.#row(name);
    element.dataset['state'] = 'gone';
    element.dataset['reason'] = reason ?? '';
    choose.replaceChildren(nameTag(name), make('span', 'reason', reason ?? 'not here'));
    more.replaceChildren(this.#acts.restoreButton(name));
    more.hidden = reason === undefined || name === this.#self;
  }

  #mark(name: string, state: 'here' | 'unresponsive' | 'blocked'): void {
    const row = this.#rows.get(name);
    if (row && row.element.dataset['state'] !== 'gone') row.element.dataset['state'] = state;
  }

  #row(name: string): Row {
    const known = this.#rows.get(name);
    if (known) return known;
    const choose = make('button', 'choose');
    choose.type = 'button';
    choose.setAttribute('role', 'radio');
    choose.dataset['testid'] = `to-${name || 'everybody'}`;
    choose.addEventListener('click', () => this.#choose(name));
    const more = make('div', 'more');
    const element = make('li', '', choose, more);
    // Of the list there is nothing left to tell: it is a group of choices.
    element.role = 'none';
    element.dataset['testid'] = `peer-${name || 'everybody'}`;
    element.dataset['hue'] = name ? hueOf(name) : 'other';
    const row = { element, choose, more };
    this.#rows.set(name, row);
    this.#list.append(element);
    return row;
  }

  #choose(name: string): void {
    this.#chosen = name;
    for (const [each, { element, choose }] of this.#rows) {
      const chosen = each === name;
      choose.setAttribute('aria-checked', String(chosen));
      element.dataset['chosen'] = String(chosen);
    }
  }
}
