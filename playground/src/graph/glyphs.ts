import type { PeerType } from 'portmesh';
import { makeSvg } from '../ui/dom.js';

/** How something in the picture looks: as the kind of peer that it is, or as the gateway, which is none. */
export type Look = PeerType | 'gateway';

/** Each kind of peer has a shape of its own, drawn in a square from -20 to 20. */
const shapes: Readonly<Record<Look, string>> = {
  main: 'M0 -19a19 19 0 1 1 0 38a19 19 0 1 1 0 -38z',
  window:
    'M-17 -14.5h34a3.5 3.5 0 0 1 3.5 3.5v22a3.5 3.5 0 0 1 -3.5 3.5h-34a3.5 3.5 0 0 1 -3.5 -3.5v-22a3.5 3.5 0 0 1 3.5 -3.5z',
  frame: 'M-12 -15h24a3 3 0 0 1 3 3v24a3 3 0 0 1 -3 3h-24a3 3 0 0 1 -3 -3v-24a3 3 0 0 1 3 -3z',
  webview: 'M-12 -15h24a3 3 0 0 1 3 3v24a3 3 0 0 1 -3 3h-24a3 3 0 0 1 -3 -3v-24a3 3 0 0 1 3 -3z',
  worker: 'M0 -18.5l16 9.25v18.5l-16 9.25l-16 -9.25v-18.5z',
  utility: 'M0 -19l19 19l-19 19l-19 -19z',
  node: 'M-8 -18.5h16a3 3 0 0 1 2.6 1.5l7.2 15.5a3 3 0 0 1 0 3l-7.2 15.5a3 3 0 0 1 -2.6 1.5h-16a3 3 0 0 1 -2.6 -1.5l-7.2 -15.5a3 3 0 0 1 0 -3l7.2 -15.5a3 3 0 0 1 2.6 -1.5z',
  gateway: 'M0 -13l13 13l-13 13l-13 -13z',
};

/** What is drawn on the shape. */
const marks: Readonly<Record<Look, string>> = {
  main: 'M-7 0a7 7 0 1 0 14 0a7 7 0 1 0 -14 0',
  window: 'M-20 -6.5h40M-15 -10.5h.01M-11 -10.5h.01',
  frame: 'M-8 -7h16M-8 0h16M-8 7h9',
  webview: 'M-8 -7h16M-8 0h16M-8 7h9',
  worker: 'M-6 0h12M0 -6v12',
  utility: 'M-6 -3h12M-6 3h12',
  node: 'M-7 -6l5 6l-5 6M1 6h7',
  gateway: 'M-5 -2h10l-3 -3M5 2h-10l3 3',
};

export function makeGlyph(look: Look): SVGSVGElement {
  const svg = makeSvg('svg', { viewBox: '-24 -24 48 48', class: 'glyph' });
  svg.append(
    makeSvg('path', { d: shapes[look], class: 'shape' }),
    makeSvg('path', { d: marks[look], class: 'mark-on' }),
  );
  return svg;
}
