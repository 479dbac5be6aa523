import { app, ipcMain, MessageChannelMain } from 'electron';
import { Bridge } from './bridge.js';
import type { BridgeOptions } from './options.js';
import { findPreload } from './preload-file.js';

/**
 * Makes the application's bridge. Call it once, in the main process, before the first window is made.
 *
 * @throws MeshError `INVALID_ARGUMENT` for an option that is none or makes no sense, and if there is a bridge already
 * @example
 * const bridge = createBridge({ origins: ['app://editor'] });
 * bridge.install(session.defaultSession);
 * const bus = await bridge.connect<AppChannels>({ name: 'main' });
 */
export function createBridge(options: BridgeOptions = {}): Bridge {
  return new Bridge({ app, ipcMain, MessageChannelMain }, options, () =>
    findPreload(app.getAppPath(), () => app.getPath('userData')),
  );
}
