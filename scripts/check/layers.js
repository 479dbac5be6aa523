// An oxlint plugin with one rule: which layer may import what. Ours, because oxlint's own no-restricted-imports sees neither
// `import()` nor `import('…').Type`, and compares texts where this resolves paths.

import { dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * What each layer may import besides itself: other layers, or parts of them. A folder of src that is not here is an error; a folder
 * in a layer that is here has rules of its own.
 */
const layers = {
  core: { layers: [], packages: /(?!)/ },
  service: { layers: ['core'], packages: /(?!)/ },
  comlink: { layers: ['core'], packages: /^comlink$/ },
  renderer: { layers: ['core'], packages: /(?!)/ },
  preload: { layers: ['core'], packages: /^electron$/ },
  main: { layers: ['core', 'node', 'node/net'], packages: /^(electron$|node:)/ },
  node: { layers: ['core', 'node/net', 'node/socket'], packages: /^node:/ },
  'node/net': { layers: ['core/errors', 'core/timer.js', 'core/wire'], packages: /^node:/ },
  'node/socket': {
    layers: ['core/errors', 'core/port', 'core/timer.js', 'core/wire', 'node/clone-check.js'],
    packages: /^node:/,
  },
};

const src = fileURLToPath(new URL('../../src', import.meta.url));

/** Where a file is in src, with `/` on every platform; `undefined` for a file that is outside. */
function placeOf(file) {
  const place = relative(src, file).split(sep).join('/');
  return /^\.\.(\/|$)/.test(place) ? undefined : place;
}

function isIn(place, folder) {
  return place === folder || place.startsWith(`${folder}/`);
}

/** The innermost layer that a place is in; the folder of src, if that is none. */
function layerOf(place) {
  const [innermost] = Object.keys(layers)
    .filter((layer) => isIn(place, layer))
    .sort((a, b) => b.length - a.length);
  return innermost ?? (place.includes('/') ? place.split('/')[0] : '');
}

function problemOf(file, specifier) {
  const from = layerOf(placeOf(file));
  const allowed = layers[from];
  if (!specifier.startsWith('.')) {
    return allowed.packages.test(specifier) ? undefined : `src/${from} may not import '${specifier}'.`;
  }
  const place = placeOf(resolve(dirname(file), specifier));
  const to = place === undefined ? undefined : layerOf(place);
  if (to === from || (to && allowed.layers.some((each) => isIn(each, to) && isIn(place, each)))) return undefined;
  return `src/${from} may import ${['itself', ...allowed.layers].join(' and ')}, not ${to ? `src/${place}` : 'this'}.`;
}

const imports = {
  create(context) {
    const place = placeOf(context.filename);
    if (place === undefined) return {};
    const layer = layerOf(place);
    if (!Object.hasOwn(layers, layer)) {
      const message = 'This file is in no layer: add the folder to scripts/check/layers.js.';
      return { Program: (node) => context.report({ node, message }) };
    }
    const check = (source) => {
      if (typeof source?.value !== 'string') return;
      const message = problemOf(context.filename, source.value);
      if (message) context.report({ node: source, message });
    };
    return {
      ImportDeclaration: (node) => check(node.source),
      ExportNamedDeclaration: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
      TSImportType: (node) => check(node.source),
      TSExternalModuleReference: (node) => check(node.expression),
    };
  },
};

export default { meta: { name: 'portmesh' }, rules: { imports } };
