import { app, ipcMain, MessageChannelMain, utilityProcess } from 'electron';
import { Bridge } from './bridge.js';
import type { GatewayProcess } from './brokers/gateway-host.js';
import { gatewayFile } from './gateway-file.js';
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
  const userData = (): string => app.getPath('userData');
  const fork = (): GatewayProcess =>
    utilityProcess.fork(gatewayFile(userData()), [], { serviceName: 'portmesh gateway' });
  return new Bridge({ app, ipcMain, MessageChannelMain, fork }, options, () => findPreload(app.getAppPath(), userData));
}
