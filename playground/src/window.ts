// A window of the playground, the editor or the viewer: it joins the mesh, shows who is there and what flows, and offers what
// there is to try. The editor owns others: two frames, a worker, and the viewer, which lives in its process.

import { share } from 'portmesh/renderer';
import { Children } from './place/children.js';
import { Place } from './place/place.js';
import { Acts } from './ui/acts.js';
import { makeControls } from './ui/controls.js';
import { make, part } from './ui/dom.js';
import { FractalPanel } from './ui/fractal-panel.js';
import { Identity } from './ui/identity.js';
import { LogView } from './ui/log-view.js';
import { PeerRows } from './ui/peer-rows.js';
import { ScenePanel } from './ui/scene-panel.js';
import { Scope } from './ui/scope.js';
import { TrafficPanel } from './ui/traffic.js';
import { Views } from './ui/views.js';

const name = new URLSearchParams(location.search).get('as') === 'viewer' ? 'viewer' : 'editor';
document.documentElement.dataset['as'] = name;

const place = new Place();
const log = new LogView();
place.journal.onChange((entry) => log.show(entry));
const identity = new Identity(name, place);
const acts = new Acts(place);
const rows = new PeerRows(name, acts);
const controls = makeControls(
  () => rows.chosen,
  (deed) => place.do(deed),
);
part('controls').append(controls);
const traffic = new TrafficPanel(place, acts, name === 'editor' ? ['helper', 'main'] : ['widget', 'indexer', 'main']);
const views = new Views();
const scene = new ScenePanel(place, views);
const picture = new FractalPanel(place, acts, views);
const scope = new Scope(name, place.waves);
void scope;

function frame(as: 'outline' | 'widget', origin: string): () => void {
  const iframe = make('iframe');
  iframe.title = as;
  iframe.name = as;
  iframe.src = `${origin}/frame.html?as=${as}`;
  // A frame of the same origin has the preload, and joins by itself; another one is let in here.
  if (origin !== location.origin) share(iframe, { origin, name: as });
  part(as).replaceChildren(iframe);
  return () => iframe.remove();
}

const children = new Children({
  outline: () => frame('outline', location.origin),
  widget: () => frame('widget', 'app://widget'),
  counter: () => {
    const worker = new Worker('counter.js');
    share(worker, { name: 'counter' });
    return () => worker.terminate();
  },
  viewer: () => {
    // One that outlived a reload of this page is left alone.
    if (place.bus.peers.named('viewer').length === 0) window.open('window.html?as=viewer', 'viewer');
    return () => {};
  },
});

identity.onJoined((bus) => {
  rows.attach(bus);
  traffic.attach(bus);
  picture.attach(bus);
  scene.attach(bus);
  if (name === 'editor') children.attach(bus);
});
void identity.join();
