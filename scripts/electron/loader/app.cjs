'use strict';
// What Electron's own default app does, for the registry's runtime, which has none: take the app from the command line,
// give the process that app's name, version and path, and say which file to run. See `default_app/main.ts` in Electron.

const { app } = require('electron');
const fs = require('fs');
const Module = require('module');
const path = require('path');

/** Announces the app that the command line names (a folder, a file or an .asar), and returns the file to run. */
function enterApp() {
  const target = readCommandLine();
  if (target === undefined) fail('Usage: electron [options] <folder, file or .asar of an app>');
  Object.defineProperty(process, 'defaultApp', { configurable: false, enumerable: true, value: true });
  const folder = path.resolve(target);
  const manifest = readManifest(folder);
  if (manifest) describe(manifest);
  const file = resolveMain(folder);
  app.setAppPath(manifest ? folder : path.dirname(file));
  return file;
}

/** The first argument that is no option; `-r file` before it is honoured, as Playwright's own loader needs it. */
function readCommandLine() {
  const preloads = [];
  const argv = process.argv.slice(1);
  let target;
  for (let index = 0; index < argv.length && target === undefined; index++) {
    const argument = argv[index];
    if (argument === '--version' || argument === '-v') {
      console.log(`v${process.versions.electron}`);
      process.exit(0);
    } else if (argument === '-r' || argument === '--require') preloads.push(argv[++index]);
    else if (argument.startsWith('--app=')) target = argument.slice('--app='.length);
    else if (!argument.startsWith('-')) target = argument;
  }
  if (preloads.length > 0) Module._preloadModules(preloads);
  return target;
}

function readManifest(folder) {
  const file = path.join(folder, 'package.json');
  if (!fs.existsSync(file)) return undefined;
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    return fail(`${file} can't be read: ${error.message}`);
  }
}

function describe({ name, productName, version, desktopName }) {
  if (version) app.setVersion(version);
  if (productName || name) app.name = productName || name;
  app.setDesktopName(desktopName || `${app.name}.desktop`);
}

function resolveMain(folder) {
  try {
    return Module._resolveFilename(folder, null, true);
  } catch (error) {
    return fail(`There is no app to run at ${folder}: ${error.message}`);
  }
}

/** Ends the process at once. Electron itself would open an error dialog, and nobody could dismiss it on a CI machine. */
function fail(message) {
  console.error(message);
  return process.exit(1);
}

module.exports = { enterApp, fail };
