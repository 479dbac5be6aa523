// Makes out/playground: an app folder that Electron can run, made of the built package, as any app would use it.

import { build } from 'esbuild';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = `${root}out/playground`;
const source = 'playground/src';

rmSync(out, { recursive: true, force: true });
mkdirSync(`${out}/pages`, { recursive: true });
cpSync(`${root}playground/package.json`, `${out}/package.json`);
cpSync(`${root}playground/pages`, `${out}/pages`, { recursive: true });

const common = {
  bundle: true,
  sourcemap: 'inline',
  logLevel: 'warning',
  absWorkingDir: root,
  // The package by its own name, as its users write it.
  alias: {
    portmesh: `${root}dist/core/index.js`,
    'portmesh/service': `${root}dist/service/index.js`,
    'portmesh/comlink': `${root}dist/comlink/index.js`,
    'portmesh/renderer': `${root}dist/renderer/index.js`,
    'portmesh/main': `${root}dist/main/index.js`,
    'portmesh/node': `${root}dist/node/index.js`,
  },
};
await build({
  ...common,
  entryPoints: ['main', 'helper', 'thread', 'broker', 'node', 'lab-utility', 'lab-thread', 'lab-node'].map(
    (name) => `${source}/${name}.ts`,
  ),
  outdir: out,
  outExtension: { '.js': '.cjs' },
  platform: 'node',
  format: 'cjs', // Electron 27 can't load an ES module as its entry
  target: 'node18',
  external: ['electron'],
});
// Nothing but its effect on the page is left of a page's script: no name of it is on `window`.
await build({
  ...common,
  entryPoints: [
    ...['window', 'frame', 'graph', 'away', 'counter', 'lab', 'lab-worker'].map((name) => `${source}/${name}.ts`),
    { in: `${source}/style/index.css`, out: 'page' },
  ].map((entry) => (typeof entry === 'string' ? { in: entry, out: entry.slice(source.length + 1, -3) } : entry)),
  outdir: `${out}/pages`,
  platform: 'browser',
  format: 'iife',
  target: 'chrome118',
});
