import { join } from 'node:path';
import { gatewaySource } from './gateway-source.js';
import { ownFile } from './own-file.js';

/** The gateway as a file, which is what Electron wants, in a folder of the application's own data. */
export function gatewayFile(userData: string): string {
  return ownFile(join(userData, 'portmesh'), 'gateway', gatewaySource);
}
