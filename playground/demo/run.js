import { mkdirSync, rmSync } from 'node:fs';
import { _electron } from 'playwright-core';
import { demonstrate } from './demonstration.js';
import { Desk, PATIENCE_MS } from './desk.js';
import { allEnded } from './ended.js';
import { Narrator } from './narrator.js';

/** How long the app may take to end before it is killed. */
const CLOSE_MS = 5000;

/**
 * Starts the app and drives the demonstration.
 *
 * @param {{ executable: string, args: string[], env: NodeJS.ProcessEnv, screenshots: string }} options
 * @returns {Promise<number>} 0
 * @throws Error at the first thing that does not happen
 */
export async function runDemonstration({ executable, args, env, screenshots }) {
  rmSync(screenshots, { recursive: true, force: true });
  mkdirSync(screenshots, { recursive: true });
  const narrator = new Narrator();
  const app = await _electron.launch({
    executablePath: executable,
    args,
    env: /** @type {Record<string, string>} */ (env),
    chromiumSandbox: true,
  });
  const complaints = listen(app);
  /** @type {number[]} */
  let pids = [];
  try {
    pids = await demonstrate({ narrator, opened: seeWindows(app), screenshots });
    if (complaints.pages.length > 0) throw new Error(`a page complained: ${complaints.pages.join('\n')}`);
  } catch (error) {
    if (complaints.main.length > 0) console.error(`what main printed:\n${complaints.main.join('')}`);
    throw error;
  } finally {
    await close(app);
  }
  await narrator.step('the app quits, and with it all that it has started', () => allEnded(pids));
  narrator.tell('done');
  return 0;
}

/**
 * What nobody would see otherwise.
 *
 * @param {import('playwright-core').ElectronApplication} app
 */
function listen(app) {
  /** @type {{ main: string[], pages: string[] }} */
  const complaints = { main: [], pages: [] };
  const { stdout, stderr } = app.process();
  for (const stream of [stdout, stderr]) stream?.on('data', (chunk) => complaints.main.push(String(chunk)));
  app.context().on('weberror', (error) => complaints.pages.push(String(error.error())));
  app.context().on('console', (message) => {
    if (message.type() === 'error') complaints.pages.push(message.text());
  });
  return complaints;
}

/**
 * Tells windows by the address of their page, which is there a moment later than they are.
 *
 * @param {import('playwright-core').ElectronApplication} app
 * @returns {import('./demonstration.js').Stage['opened']}
 */
function seeWindows(app) {
  /** @type {Set<import('playwright-core').Page>} */
  const seen = new Set();
  return (name) =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no window '${name}' has opened`)), PATIENCE_MS);
      /** @param {import('playwright-core').Page} page */
      const watch = (page) => {
        if (seen.has(page)) return;
        page
          .waitForURL((url) => nameOf(url) === name, { waitUntil: 'commit', timeout: PATIENCE_MS })
          .then(
            () => {
              clearTimeout(late);
              app.off('window', watch);
              seen.add(page);
              resolve(new Desk(page));
            },
            () => {}, // another one's window, or closed: it isn't the one
          );
      };
      app.on('window', watch);
      app.windows().forEach(watch);
    });
}

/** @param {URL} url */
function nameOf(url) {
  return url.hostname === 'graph' ? 'graph' : url.searchParams.get('as');
}

/** @param {import('playwright-core').ElectronApplication} app */
async function close(app) {
  const kill = setTimeout(() => app.process().kill('SIGKILL'), CLOSE_MS);
  await app.close();
  clearTimeout(kill);
}
