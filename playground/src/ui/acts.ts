import { MeshError, type Peer } from 'portmesh';
import type { Place } from '../place/place.js';
import { endings, isPlace, places, type Action, type PlaceName } from '../places.js';
import { HANG_MS } from './controls.js';
import { make, makeButton } from './dom.js';

const BLOCK_MS = 2000;

const labels: Readonly<Record<Exclude<Action, 'end'>, string>> = {
  reload: 'Reload',
  navigate: 'Navigate',
  crash: 'Crash',
  restore: 'Bring back',
};

/** What is done to places. Main does it, or has it done, asked over the mesh. */
export class Acts {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  act(action: Action, name: PlaceName): void {
    const words = action === 'restore' ? 'bring back' : labelOf(action, name).toLowerCase();
    void this.#settle(` to ${words} `, name, () => this.#place.bus.to('main').request('playground:act', action, name));
  }

  evict(peer: Peer): void {
    void this.#settle(' to evict ', peer.name, () => this.#place.bus.to('main').request('playground:evict', peer.id));
  }

  block(): void {
    const words = ` to block itself for ${BLOCK_MS / 1000} s`;
    void this.#settle(words, undefined, () => this.#place.bus.to('main').request('playground:block', BLOCK_MS));
  }

  hang(name: string): void {
    const line = this.#place.journal
      .add('asked', 'asks ', { peer: name }, ` to stand still for ${HANG_MS / 1000} s`)
      .open();
    this.#place.bus
      .to(name)
      .request('place:do', { do: 'hang', ms: HANG_MS })
      .then(
        () => line.settle('done', 'it begins'),
        (error: unknown) => line.fail(error),
      );
  }

  /** The buttons for what can be done to a place that is there. */
  buttonsFor(peer: Peer): HTMLElement {
    const { name } = peer;
    if (name === 'main') {
      const block = makeButton('Block for 2 s', 'block-main', () => this.block());
      block.title = 'main’s thread stands still; the links between others go on';
      return make('div', 'buttons', block);
    }
    const actions = isPlace(name) ? places[name].actions : [];
    const buttons = actions.map((action) =>
      makeButton(labelOf(action, name as PlaceName), `${action}-${name}`, () => this.act(action, name as PlaceName)),
    );
    const hang = makeButton('Hang', `hang-${name}`, () => this.hang(name));
    hang.title = `Its thread stands still for ${HANG_MS / 1000} s`;
    const evict = makeButton('Evict', `evict-${name}`, () => this.evict(peer));
    evict.title = 'The bridge ends its seat. It stays where it is.';
    buttons.splice(-1, 0, hang, evict);
    return make('div', 'buttons', ...buttons);
  }

  /** For what can be done to the gateway. */
  gatewayButtons(): HTMLElement {
    const crash = makeButton(labels.crash, 'crash-gateway', () => this.#crashGateway());
    crash.title = 'Its process is killed. The bridge starts another one.';
    return make('div', 'buttons', crash);
  }

  #crashGateway(): void {
    void this.#settle(' to crash the gateway', undefined, () =>
      this.#place.bus.to('main').request('playground:crash-gateway'),
    );
  }

  restoreButton(name: PlaceName): HTMLButtonElement {
    const button = makeButton(labels.restore, `restore-${name}`, () => this.act('restore', name));
    button.className = 'primary';
    return button;
  }

  async #settle(words: string, name: string | undefined, ask: () => Promise<unknown>): Promise<void> {
    const whom = name === undefined ? [] : [{ peer: name }];
    const line = this.#place.journal.add('asked', 'asks ', { peer: 'main' }, words, ...whom).open();
    try {
      await ask();
      line.settle('done', 'done');
    } catch (error) {
      // Who leaves the mesh by its own wish gets no answer any more.
      if (MeshError.is(error, 'CLOSED')) line.settle('stopped', error.message);
      else line.fail(error);
    }
  }
}

function labelOf(action: Action, name: PlaceName): string {
  return action === 'end' ? endings[places[name].type] : labels[action];
}
