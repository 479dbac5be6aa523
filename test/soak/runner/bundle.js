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
  writeFileSync(join(out, 'package.json'), JSON.stringify({ name: 'portmesh-soak', main: 'main.cjs' }));
  for (const page of ['page.html', 'away.html']) cpSync(join(root, 'test/soak/page', page), join(out, 'pages', page));
  /** @type {import('esbuild').BuildOptions} */
  const common = {
    bundle: true,
    logLevel: 'warning',
    sourcemap: 'inline',
    absWorkingDir: root,
    // The package by its own name, as its users write it.
    alias: {
      portmesh: join(root, 'dist/core/index.js'),
      'portmesh/renderer': join(root, 'dist/renderer/index.js'),
      'portmesh/main': join(root, 'dist/main/index.js'),
    },
  };
  await build({
    ...common,
    entryPoints: ['test/soak/main/main.ts'],
    outfile: join(out, 'main.cjs'),
    platform: 'node',
    format: 'cjs', // Electron 27 can't load an ES module as its entry
    target: 'node18',
    external: ['electron'],
  });
  await build({
    ...common,
    entryPoints: ['test/soak/page/page.ts'],
    outfile: join(out, 'pages/page.js'),
    platform: 'browser',
    format: 'iife',
    target: 'chrome118',
  });
}
