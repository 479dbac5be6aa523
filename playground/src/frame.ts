// A frame in the editor's page: the same as a window, in little room.

import { EVERYBODY } from './place/deeds.js';
import { Place } from './place/place.js';
import { isPlace, placeNames } from './places.js';
import { makeControls } from './ui/controls.js';
import { part } from './ui/dom.js';
import { Identity } from './ui/identity.js';
import { LogView } from './ui/log-view.js';
import { Scope } from './ui/scope.js';

const given = new URLSearchParams(location.search).get('as') ?? '';
const name = isPlace(given) ? given : 'widget';

const place = new Place();
const log = new LogView();
place.journal.onChange((entry) => log.show(entry));
// The bridge's policy refuses frames of other origins; the page that owns this one lets it in.
const identity = new Identity(name, place, { owner: 'app://editor' });

const target = part<HTMLSelectElement>('to');
target.append(new Option('everybody', EVERYBODY));
for (const each of placeNames.filter((other) => other !== name)) target.append(new Option(each));
target.value = 'editor';
part('controls').append(
  makeControls(
    () => target.value,
    (deed) => place.do(deed),
  ),
);
const scope = new Scope(name, place.waves);
void scope;
void identity.join();
