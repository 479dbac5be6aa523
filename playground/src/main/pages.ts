import { net, protocol } from 'electron';
import { join, normalize } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Call it before the app is ready: a scheme of its own, as real apps have it. Each of its hosts is an origin. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/** Every host serves the same pages. */
export function servePages(): void {
  protocol.handle('app', (request) => {
    const file = normalize(decodeURIComponent(new URL(request.url).pathname));
    return net.fetch(pathToFileURL(join(__dirname, 'pages', file)).href);
  });
}
