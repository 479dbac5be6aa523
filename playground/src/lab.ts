// The lab's page: it hands the library to whoever drives it.

import * as core from 'portmesh';
import * as renderer from 'portmesh/renderer';
import * as service from 'portmesh/service';
import { comlink } from './lab/comlink.js';
import { Driven } from './lab/driven.js';

Object.assign(window, { lab: { ...core, ...renderer, ...service, Driven, comlink } });
