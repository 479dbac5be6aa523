// The lab's dedicated worker: it hands the library to whoever drives it.

import * as core from 'portmesh';
import * as renderer from 'portmesh/renderer';

Object.assign(self, { lab: { ...core, ...renderer } });
postMessage('ready');
