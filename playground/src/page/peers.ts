import type { LeaveReason, Peer } from 'portmesh';
import { windowNames, type PlaygroundBus, type WindowName } from '../channels.js';
import type { Actions } from './actions.js';
import { hueOf, make, makeButton, nameTag, part } from './dom.js';
import { identify } from './identity.js';
import type { Log } from './log.js';
import type { MeshMap } from './mesh-map.js';

const ORDER: readonly string[] = [...windowNames, 'main'];

/** Who is in the mesh, live; and who was, until somebody of that name is back. */
export class PeerList {
  readonly #list = part('peers');
  readonly #count = part('peer-count');
  readonly #log: Log;
  readonly #actions: Actions;
  readonly #map: MeshMap;
  readonly #rows = new Map<string, HTMLElement>();

  constructor(log: Log, actions: Actions, map: MeshMap) {
    this.#log = log;
    this.#actions = actions;
    this.#map = map;
  }

  attach(bus: PlaygroundBus): void {
    this.#clear();
    this.#add(bus.self, true);
    for (const peer of bus.peers) this.#add(peer);
    bus.peers.on('join', (peer) => {
      this.#log.add('joined', nameTag(peer.name), ' joined');
      this.#add(peer);
    });
    bus.peers.on('leave', (peer, reason) => {
      this.#log.add('left', nameTag(peer.name), ' left: ', make('code', '', reason));
      this.#retire(peer, reason);
    });
    void bus.closed.then(() => this.#clear());
  }

  /** Outside the mesh, nothing is known of anybody. */
  #clear(): void {
    for (const row of this.#list.children) this.#map.set((row as HTMLElement).dataset['name'] ?? '', 'gone');
    this.#rows.clear();
    this.#list.replaceChildren();
    this.#show();
  }

  #add(peer: Peer, self = false): void {
    this.#list.querySelector(`[data-state="gone"][data-name="${CSS.escape(peer.name)}"]`)?.remove();
    const row = make('li', '', nameTag(peer.name));
    row.dataset['testid'] = `peer-${peer.name}`;
    row.dataset['name'] = peer.name;
    row.dataset['hue'] = hueOf(peer.name);
    row.dataset['state'] = 'here';
    row.title = `${peer.id} in process ${peer.process.id}`;
    if (self) row.append(make('span', 'you', 'this window'));
    row.append(make('p', 'identity', identify(peer)));
    if (isWindow(peer.name)) row.append(this.#actionsFor(peer, peer.name));
    this.#rows.set(peer.id, row);
    this.#list.append(row);
    this.#map.set(peer.name, 'here');
    this.#show();
  }

  /** Keeps a window's row, with why it left and the button that brings it back. */
  #retire(peer: Peer, reason: LeaveReason): void {
    const row = this.#rows.get(peer.id);
    this.#rows.delete(peer.id);
    const { name } = peer;
    this.#map.set(name, 'gone');
    if (row && isWindow(name)) {
      row.dataset['state'] = 'gone';
      row.dataset['reason'] = reason;
      const restore = makeButton('Bring back', `restore-${name}`, () => this.#actions.toWindow('restore', name));
      restore.className = 'primary';
      row.replaceChildren(nameTag(name), make('span', 'reason', reason), make('div', 'buttons', restore));
    } else {
      row?.remove();
    }
    this.#show();
  }

  #actionsFor(peer: Peer, name: WindowName): HTMLElement {
    const act = (action: 'reload' | 'navigate' | 'close' | 'crash', label: string): HTMLButtonElement =>
      makeButton(label, `${action}-${name}`, () => this.#actions.toWindow(action, name));
    return make(
      'div',
      'buttons',
      act('reload', 'Reload'),
      act('navigate', 'Navigate'),
      act('close', 'Close'),
      makeButton('Evict', `evict-${name}`, () => this.#actions.evict(peer)),
      act('crash', 'Crash'),
    );
  }

  /** Always in the same order, so that nothing jumps about when somebody is back. */
  #show(): void {
    const rows = [...this.#list.children].sort((a, b) => rankOf(a) - rankOf(b));
    rows.forEach((row, index) => {
      const there = this.#list.children[index] ?? null;
      if (there !== row) this.#list.insertBefore(row, there);
    });
    this.#count.textContent = String(this.#rows.size);
  }
}

function rankOf(row: Element): number {
  const rank = ORDER.indexOf((row as HTMLElement).dataset['name'] ?? '');
  return rank < 0 ? ORDER.length : rank;
}

function isWindow(name: string): name is WindowName {
  return (windowNames as readonly string[]).includes(name);
}
