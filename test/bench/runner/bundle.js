import { build } from 'esbuild';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes an app folder that Electron can run, of the built package, as any app would use it.
 *
 * @param {string} root the project's folder
 * @param {string} out
 */
export async function bundle(root, out) {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(join(out, 'pages'), { recursive: true });
  writeFileSync(join(out, 'package.json'), JSON.stringify({ name: 'portmesh-bench', main: 'main.cjs' }));
  for (const page of ['page.html', 'neighbour.html'])
    cpSync(join(root, 'test/bench/page', page), join(out, 'pages', page));
  /** @type {import('esbuild').BuildOptions} */
  const common = {
    bundle: true,
    logLevel: 'warning',
    absWorkingDir: root,
    // The package by its own name, as its users write it.
    alias: {
      portmesh: join(root, 'dist/core/index.js'),
      'portmesh/service': join(root, 'dist/service/index.js'),
      'portmesh/comlink': join(root, 'dist/comlink/index.js'),
      'portmesh/renderer': join(root, 'dist/renderer/index.js'),
      'portmesh/main': join(root, 'dist/main/index.js'),
      'portmesh/node': join(root, 'dist/node/index.js'),
    },
  };
  /** @type {import('esbuild').BuildOptions} */
  const node = { ...common, platform: 'node', format: 'cjs', target: 'node18', external: ['electron'] };
  // Plain Node has no Electron: what asks for one there gets none, instead of the package that installs it.
  /** @type {import('esbuild').BuildOptions} */
  const plainNode = {
    ...node,
    external: [],
    alias: { ...common.alias, electron: join(root, 'test/bench/node/no-electron.cjs') },
  };
  const shims = join(root, 'test/bench/page/node-shims');
  await Promise.all([
    build({ ...node, entryPoints: ['test/bench/main/main.ts'], outfile: join(out, 'main.cjs') }),
    build({ ...node, entryPoints: ['test/bench/utility/utility.ts'], outfile: join(out, 'utility.cjs') }),
    build({ ...plainNode, entryPoints: ['test/bench/node/main.ts'], outfile: join(out, 'node/main.cjs') }),
    build({ ...plainNode, entryPoints: ['test/bench/node/child.ts'], outfile: join(out, 'node/child.cjs') }),
    build({ ...node, entryPoints: ['test/bench/page/preload.ts'], outfile: join(out, 'preload.cjs') }),
    build({
      ...node,
      entryPoints: ['test/bench/page/common-ipc-preload.ts'],
      outfile: join(out, 'common-ipc-preload.cjs'),
      platform: 'browser',
      external: ['electron', 'events'],
      alias: { util: join(shims, 'util.cjs'), buffer: join(shims, 'buffer.cjs') },
    }),
    build({
      ...common,
      entryPoints: ['test/bench/page/page.ts', 'test/bench/page/neighbour.ts'],
      outdir: join(out, 'pages'),
      platform: 'browser',
      format: 'iife',
      target: 'chrome118',
    }),
  ]);
}
