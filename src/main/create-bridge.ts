import { app, ipcMain, MessageChannelMain, utilityProcess } from 'electron';
import { invalid } from '../core/errors/mesh-error.js';
import { Bridge } from './bridge.js';
import type { GatewayProcess } from './brokers/gateway-host.js';
import { gatewayFile } from './gateway-file.js';
import type { BridgeOptions } from './options.js';
import { findPreload } from './preload-file.js';

/**
 * Makes the application's bridge. Call it once, in the main process, before the first window is made.
 *
 * @throws MeshError `INVALID_ARGUMENT` for an option that is none or makes no sense, outside of the main process, and if there is a bridge already
 * @example
 * const bridge = createBridge({ origins: ['app://editor'] });
 * bridge.install(session.defaultSession);
 * const bus = await bridge.connect<AppChannels>({ name: 'main' });
 */
export function createBridge(options: BridgeOptions = {}): Bridge {
  // Utility processes have an `electron` too, with less in it.
  if (!(ipcMain as unknown)) {
    throw invalid('createBridge()', "the bridge is made in Electron's main process. Elsewhere, connect() joins it.");
  }
  const userData = (): string => app.getPath('userData');
  const fork = (): GatewayProcess =>
    utilityProcess.fork(gatewayFile(userData()), [], { serviceName: 'portmesh gateway' });
  return new Bridge({ app, ipcMain, MessageChannelMain, fork }, options, () => findPreload(app.getAppPath(), userData));
}
