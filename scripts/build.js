// Makes dist: every layer compiled on its own, so that none sees another's platform, and the preload bundled to one file,
// since a sandboxed preload can load no second one. Its text goes into main too, for apps whose bundler moves files about.

import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

if (process.argv.includes('--clean'))
  for (const folder of ['dist', '.tsbuild']) rmSync(`${root}${folder}`, { recursive: true, force: true });

const { status } = spawnSync(
  process.execPath,
  [tsc, '-b', 'src/core', 'src/service', 'src/comlink', 'src/renderer', 'src/main', 'src/node'],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
if (status !== 0) process.exit(status ?? 1);
const { outputFiles } = await build({
  entryPoints: [`${root}src/preload/portmesh.ts`],
  bundle: true,
  format: 'cjs',
  platform: 'browser',
  target: 'chrome114',
  external: ['electron'],
  minify: true,
  write: false,
  logLevel: 'warning',
});
const gateway = await build({
  entryPoints: [`${root}src/node/gateway/process.ts`],
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node18',
  minify: true,
  write: false,
  logLevel: 'warning',
});
// In a function of its own: with context isolation off, it shares the page's globals.
const preload = `(()=>{${outputFiles[0].text.trim()}})();\n`;
mkdirSync(`${root}dist/preload`, { recursive: true });
writeFileSync(`${root}dist/preload/portmesh.cjs`, preload);
writeFileSync(`${root}dist/preload/portmesh.d.cts`, 'export {};\n');
writeFileSync(`${root}dist/main/preload-source.js`, `export const preloadSource = ${JSON.stringify(preload)};\n`);
const gatewaySource = JSON.stringify(gateway.outputFiles[0].text.trim());
writeFileSync(`${root}dist/main/gateway-source.js`, `export const gatewaySource = ${gatewaySource};\n`);
