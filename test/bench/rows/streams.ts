import type { Row } from '../main/row.js';
import { pageName } from '../main/stage.js';
import { oneByOne } from '../contest/ways.js';

export const streamOfItems: Row = {
  name: 'stream-items',
  title: 'stream of small items R→R',
  unit: 'items/s',
  contenders: ['portmesh', 'raw port', 'transferred ReadableStream', 'Comlink'],
  targets: [],
  run: oneByOne((contestant, scaled) =>
    contestant.pair.client.page.call('items', pageName(contestant), scaled(30_000)),
  ),
};

export const streamOfChunks: Row = {
  name: 'stream-chunks',
  title: 'stream of 256 KiB items R→R',
  unit: 'MB/s',
  contenders: ['portmesh', 'raw port', 'transferred ReadableStream'],
  targets: [],
  run: oneByOne((contestant, scaled) => contestant.pair.client.page.call('chunks', pageName(contestant), scaled(800))),
};
