// The lab's dedicated worker: it hands the library to whoever drives it.

import * as core from 'portmesh';
import * as renderer from 'portmesh/renderer';
import * as service from 'portmesh/service';
import { comlink } from './lab/comlink.js';
import { obey } from './lab/obey.js';

// The indirect one: in the worker's own scope.
// oxlint-disable-next-line no-eval -- it is what the lab is for
const evaluate = (text: string): unknown => (0, eval)(text);

Object.assign(self, { lab: { ...core, ...renderer, ...service, comlink } });
self.addEventListener('message', ({ data }) => obey(data, (answer) => self.postMessage(answer), evaluate));
postMessage('ready');
