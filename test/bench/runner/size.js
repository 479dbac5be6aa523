import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/**
 * What a page pays for `connect()` and all it needs, and what every frame pays for the preload, minified and packed.
 *
 * @param {string} root the project's folder
 * @returns {Promise<import('../contest/contest.js').Outcome[]>}
 */
export async function measureSizes(root) {
  const page = await minified(root, `export { connect } from './dist/renderer/index.js';`, 'browser');
  const service = await minified(
    root,
    `export { connect } from './dist/renderer/index.js'; export * from './dist/service/index.js';`,
    'browser',
  );
  const both = await minified(
    root,
    `export { connect } from './dist/renderer/index.js'; export { expose, wrap } from './dist/comlink/index.js';`,
    'browser',
  );
  const node = await minified(root, `export { connect } from './dist/node/index.js';`, 'node');
  return [
    size('entry-size', 'page entry: connect and all it needs, min+gzip', 8, page),
    size('service-size', 'portmesh/service on top of the page entry, min+gzip', 4, service, page),
    size('comlink-size', 'portmesh/comlink on top of the page entry, without Comlink itself, min+gzip', 2, both, page),
    size('preload-size', 'preload, min+gzip', 2, readFileSync(join(root, 'dist/preload/portmesh.cjs'))),
    size('node-entry-size', 'entry of Node processes: connect and all it needs, min+gzip', undefined, node),
  ];
}

/**
 * @param {string} root
 * @param {string} contents
 * @param {'browser' | 'node'} platform
 */
async function minified(root, contents, platform) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    ...{
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      platform,
      external: ['comlink'],
      logLevel: 'warning',
    },
  });
  const [file] = outputFiles;
  if (!file) throw new Error('esbuild wrote nothing');
  return file.contents;
}

/**
 * @param {string} name
 * @param {string} title
 * @param {number | undefined} atMost kB; none: for information
 * @param {Uint8Array} contents
 * @param {Uint8Array} [without] what it is on top of
 */
function size(name, title, atMost, contents, without) {
  const kB = packed(contents) - (without ? packed(without) : 0);
  const values = { portmesh: [kB] };
  return {
    name,
    title,
    unit: 'kB',
    targets: atMost === undefined ? [] : [{ atMost }],
    ours: 'portmesh',
    values,
    failed: {},
    disturbed: 0,
  };
}

/** @param {Uint8Array} contents */
function packed(contents) {
  return gzipSync(contents, { level: 9 }).byteLength / 1000;
}
