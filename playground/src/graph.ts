// The window that draws the mesh: peers by process, the links between them, and what flows, as the peers report it.

import { Drawing } from './graph/drawing.js';
import { Guide } from './graph/guide.js';
import { watchGateway } from './graph/gateway-watch.js';
import { Inspector } from './graph/inspector.js';
import { Layout } from './graph/layout.js';
import { Model } from './graph/model.js';
import { kinds, Pulses } from './graph/pulses.js';
import { Timeline } from './graph/timeline.js';
import type { Pace } from './channels.js';
import { Place } from './place/place.js';
import { Acts } from './ui/acts.js';
import { make, makeButton, part } from './ui/dom.js';
import { Identity } from './ui/identity.js';
import { Scope } from './ui/scope.js';

const SUMMARY_MS = 500;
const paces: readonly Pace[] = ['quiet', 'gossip', 'busy'];
const kindNames = {
  event: 'events',
  request: 'requests',
  answer: 'answers',
  item: 'stream items',
  point: 'over ports',
};

const place = new Place();
const model = new Model();
const acts = new Acts(place);
const identity = new Identity('graph', place);
const pulses = new Pulses(model);
const timeline = new Timeline();
const inspector = new Inspector(place, model, acts);
const drawing = new Drawing(model, choose);
const guide = new Guide(place, model, acts, choose);
const layout = new Layout(model, () => drawing.move());
const scope = new Scope('graph', place.waves);
void scope;

function choose(name: string): void {
  drawing.choose(name);
  inspector.choose(name);
}

model.onChange = () => {
  layout.update();
  drawing.update();
  inspector.update();
  guide.update();
  summarise();
};
model.onMove = (movement) => {
  pulses.add(movement);
  timeline.add(movement);
};
// An event never goes to oneself.
place.onReport = (report) => model.report(place.bus.self.id, report);

new ResizeObserver(() => {
  const { clientWidth, clientHeight } = part('stage');
  pulses.resize(clientWidth, clientHeight);
  drawing.resize(clientWidth);
  layout.resize(clientWidth, clientHeight);
}).observe(part('stage'));

function summarise(): void {
  const running = [...model.spots.values()].filter(({ state }) => state !== 'gone');
  const processes = new Set(running.map(({ process }) => process.id));
  const counts = [
    `${model.here.length} peers`,
    `${processes.size} processes`,
    `${model.edges.size} links`,
    `${timeline.rate.toLocaleString('en')} messages/s`,
  ];
  part('summary').textContent = counts.join(' · ');
}

setInterval(() => {
  drawing.glow();
  summarise();
}, SUMMARY_MS);

let pace: Pace = 'gossip';
const paceButtons = paces.map((each) => {
  const button = makeButton(each, `pace-${each}`, () => setPace(each));
  button.setAttribute('role', 'radio');
  button.setAttribute('aria-checked', String(each === pace));
  return button;
});
part('pace').append(...paceButtons);

function setPace(chosen: Pace): void {
  pace = chosen;
  paceButtons.forEach((button, index) => button.setAttribute('aria-checked', String(paces[index] === chosen)));
  place.setPace(chosen);
}

const block = part<HTMLButtonElement>('block');
block.addEventListener('click', () => acts.block());

/** Outside the mesh, nobody would hear of it. */
function allow(can: boolean): void {
  for (const button of [...paceButtons, block]) button.disabled = !can;
  guide.allow(can);
}
allow(false);

for (const kind of kinds) {
  const item = make('li', '', kindNames[kind]);
  item.dataset['kind'] = kind;
  part('kinds').append(item);
}

identity.onJoined((bus) => {
  model.attach(bus);
  allow(true);
  void bus.closed.then(() => allow(false));
  void watchGateway(bus, (news) => {
    model.hearGateway(news);
    inspector.update();
  });
  // Whoever comes later learns of the pace when it has begun to listen.
  bus.peers.on('change', (peer) => {
    if (pace !== 'gossip' && bus.peers.listening('playground:pace').includes(peer)) {
      bus.to(peer).send('playground:pace', pace);
    }
  });
  bus.on('playground:blocking', () => {
    timeline.onBlocking();
    block.disabled = true;
  });
  bus.on('playground:unblocked', (_event, ms) => {
    timeline.onUnblocked(ms);
    block.disabled = false;
  });
});
choose('editor');
void identity.join();
