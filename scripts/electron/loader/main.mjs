// The entry for Electron 28 and later. It is a module because Electron holds back `ready` until its entry's top-level
// `await` is done: an app may still call what has to come before `ready` (`protocol.registerSchemesAsPrivileged`, …).

import { pathToFileURL } from 'node:url';
import loader from './app.cjs';

const file = loader.enterApp();
try {
  await import(pathToFileURL(file).href);
} catch (error) {
  loader.fail(`The app threw an error while it was loaded.\n${error.stack || error}`);
}
