// An oxlint plugin with one rule: which layer may import what. Ours, because oxlint's own no-restricted-imports sees neither
// `import()` nor `import('…').Type`, and compares texts where this resolves paths.

import { dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What each layer may import besides itself. A folder of src that is not here is an error. */
const layers = {
  core: { layers: [], packages: /(?!)/ },
  renderer: { layers: ['core'], packages: /(?!)/ },
  preload: { layers: ['core'], packages: /^electron$/ },
  main: { layers: ['core', 'node'], packages: /^(electron$|node:)/ },
  node: { layers: ['core'], packages: /^node:/ },
};

const src = fileURLToPath(new URL('../../src', import.meta.url));

/** The folder of src that a file is in; `undefined` for a file that is outside. */
function layerOf(file) {
  const [first, ...rest] = relative(src, file).split(sep);
  return first === '..' ? undefined : rest.length > 0 ? first : '';
}

function problemOf(file, specifier) {
  const from = layerOf(file);
  const allowed = layers[from];
  if (!specifier.startsWith('.')) {
    return allowed.packages.test(specifier) ? undefined : `src/${from} may not import '${specifier}'.`;
  }
  const to = layerOf(resolve(dirname(file), specifier));
  if (to === from || allowed.layers.includes(to)) return undefined;
  return `src/${from} may import ${['itself', ...allowed.layers].join(' and ')}, not ${to ? `src/${to}` : 'this'}.`;
}

const imports = {
  create(context) {
    const layer = layerOf(context.filename);
    if (layer === undefined) return {};
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
