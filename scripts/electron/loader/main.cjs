'use strict';
// The entry for Electron before 28, which can't load ES modules in its main process.

const Module = require('module');
const { enterApp, fail } = require('./app.cjs');

const file = enterApp();
try {
  Module._load(file, null, true);
} catch (error) {
  const hint =
    error.code === 'ERR_REQUIRE_ESM' ? 'Electron 27 needs a CommonJS main file; 28 and later take ESM.\n' : '';
  fail(`The app threw an error while it was loaded.\n${hint}${error.stack || error}`);
}
