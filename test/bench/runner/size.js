import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/**
 * What a page pays for `connect()` and all it needs, and what every frame pays for the preload, minified and packed.
 *
 * @param {string} root the project's folder
 * @returns {Promise<import('../main/contest.js').Outcome[]>}
 */
export async function measureSizes(root) {
  const { outputFiles } = await build({
    stdin: { contents: `export { connect } from './dist/renderer/index.js';`, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    logLevel: 'warning',
  });
  const [page] = outputFiles;
  if (!page) throw new Error('esbuild wrote nothing');
  return [
    size('entry-size', 'page entry: connect and all it needs, min+gzip', 8, page.contents),
    size('preload-size', 'preload, min+gzip', 2, readFileSync(join(root, 'dist/preload/portmesh.cjs'))),
  ];
}

/**
 * @param {string} name
 * @param {string} title
 * @param {number} atMost kB
 * @param {Uint8Array} contents
 */
function size(name, title, atMost, contents) {
  const kB = gzipSync(contents, { level: 9 }).byteLength / 1000;
  const values = { portmesh: [kB] };
  return { name, title, unit: 'kB', targets: [{ atMost }], ours: 'portmesh', values, failed: {}, disturbed: 0 };
}
