import { app, net, protocol } from 'electron';
import { join, normalize } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Before the app is ready. */
export function setUpProcess(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
  // Nobody sees these windows; they shall run like windows that somebody looks at.
  app.commandLine.appendSwitch('disable-renderer-backgrounding');
  app.commandLine.appendSwitch('disable-background-timer-throttling');
  // What is left on a heap is measured behind a garbage collection, and to the byte.
  app.commandLine.appendSwitch('js-flags', '--expose-gc');
  app.commandLine.appendSwitch('enable-precise-memory-info');
}

/** Every host serves the same pages; each is an origin. */
export function servePages(): void {
  protocol.handle('app', (request) => {
    const file = normalize(decodeURIComponent(new URL(request.url).pathname));
    return net.fetch(pathToFileURL(join(__dirname, 'pages', file)).href);
  });
}
