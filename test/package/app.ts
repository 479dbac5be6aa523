import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import type { prepareElectron } from '../../scripts/electron/launch.js';
import type { Project } from './project.js';

/** What the app in `app/` says, once its two windows have talked. */
export interface Talk {
  readonly greetings: readonly string[];
  /** The path of the preload that main has registered. */
  readonly preload: string;
}

/**
 * Runs the app, and waits for its windows to have talked.
 *
 * @param app the folder or .asar, below the project's folder
 */
export async function runApp(
  { executable, args, env }: Awaited<ReturnType<typeof prepareElectron>>,
  project: Project,
  app: string,
): Promise<Talk> {
  const electron = await _electron.launch({
    executablePath: executable,
    args: [...args, `--user-data-dir=${project.path('data')}`, project.path(app)],
    env: env as Record<string, string>,
    chromiumSandbox: true,
  });
  let output = '';
  electron.process().stdout?.on('data', (chunk) => (output += String(chunk)));
  electron.process().stderr?.on('data', (chunk) => (output += String(chunk)));
  try {
    const greetings = [];
    let preload = '';
    for (const page of await twoWindows(electron)) {
      page.on('console', (message) => (output += `${page.url()}: ${message.text()}\n`));
      page.on('pageerror', (error) => (output += `${page.url()}: ${String(error)}\n`));
      await page.waitForSelector('#greeting:not(:empty)');
      greetings.push(await page.locator('#greeting').innerText());
      preload = await page.locator('#preload').innerText();
    }
    return { greetings: greetings.sort(), preload };
  } catch (error) {
    throw new Error(`The app did not do what it should:\n${output}`, { cause: error });
  } finally {
    await electron.close();
  }
}

async function twoWindows(electron: ElectronApplication): Promise<Page[]> {
  while (electron.windows().length < 2) await electron.waitForEvent('window');
  return electron.windows();
}
