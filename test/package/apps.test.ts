import { createPackage } from '@electron/asar';
import { cpSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest';
import { prepareElectron } from '../../scripts/electron/launch.js';
import { runApp } from './app.js';
import { bundleMain, bundlePage, bundleWithEsbuild, type MainKind } from './bundle.js';
import { Project } from './project.js';

const name = 'portmesh-test-app';
const greetings = ['a greets b', 'b greets a'];
const shippedPreload = ['node_modules', 'portmesh', 'dist', 'preload', 'portmesh.cjs'];
let electron: Awaited<ReturnType<typeof prepareElectron>>;

beforeAll(async () => {
  electron = await prepareElectron({ headless: true });
});

afterAll(() => electron.stop());

/** The app of the folder `app`, in `source`, with the package installed. */
async function installApp(): Promise<Project> {
  const project = new Project({ 'source/package.json': { name, private: true, type: 'module', main: 'main.js' } });
  project.copy('app', 'source');
  await project.install('source');
  return project;
}

/** Electron takes an ES module as its entry from version 28 on. */
function needsModules({ skip }: TestContext): void {
  if (parseInt(electron.version) < 28) skip();
}

describe('main from node_modules, the page by Vite', () => {
  test('in a folder', async (context) => {
    needsModules(context);
    const project = await installApp();
    expect(await bundlePage(project.path('source'), project.path('source', 'page'))).toEqual([]);
    const { preload, ...talk } = await runApp(electron, project, 'source');
    expect(talk).toEqual({ greetings });
    expect(preload).toBe(project.path('source', ...shippedPreload));
  });

  test('in an archive', async (context) => {
    needsModules(context);
    const project = await installApp();
    await bundlePage(project.path('source'), project.path('source', 'page'));
    await createPackage(project.path('source'), project.path('app.asar'));
    const { preload, ...talk } = await runApp(electron, project, 'app.asar');
    expect(talk).toEqual({ greetings });
    expect(preload).toBe(project.path('app.asar', ...shippedPreload));
  });
});

// There is no file of the preload's then: it comes out of main's copy of its text.
describe('all of it bundled, without node_modules', () => {
  test.for<MainKind>(['server', 'library, as a module', 'library, as CommonJS'])(
    'by Vite, main as a %s',
    async (kind, context) => {
      const project = await installApp();
      const main = await bundleMain(project.path('source'), project.path('app'), kind);
      const page = await bundlePage(project.path('source'), project.path('app', 'page'));
      expect([...main, ...page]).toEqual([]);
      const type = kind === 'library, as CommonJS' ? 'commonjs' : 'module';
      if (type === 'module') needsModules(context);
      project.write('app/package.json', { name, type, main: 'main.js' });
      const { preload, ...talk } = await runApp(electron, project, 'app');
      expect(talk).toEqual({ greetings });
      expect(preload).toContain(project.path('data', 'portmesh', 'preload-'));
    },
  );

  /** Returns the warnings. */
  async function bundle(project: Project): Promise<string[]> {
    project.write('app/package.json', { name, main: 'main.cjs' });
    cpSync(project.path('source', 'index.html'), project.path('app', 'page', 'index.html'));
    const main = await bundleWithEsbuild({
      entryPoints: [project.path('source', 'main.js')],
      outfile: project.path('app', 'main.cjs'),
      platform: 'node',
      format: 'cjs',
    });
    const page = await bundleWithEsbuild({
      entryPoints: [project.path('source', 'page.js')],
      outfile: project.path('app', 'page', 'page.js'),
      format: 'esm',
    });
    return [...main, ...page];
  }

  test('by esbuild, main as CommonJS', async () => {
    const project = await installApp();
    expect(await bundle(project)).toEqual([]);
    const { preload, ...talk } = await runApp(electron, project, 'app');
    expect(talk).toEqual({ greetings });
    expect(preload).toContain(project.path('data', 'portmesh', 'preload-'));
  });

  test("by esbuild, the preload as a part of the app's own", async () => {
    const project = await installApp();
    await bundle(project);
    const own = await bundleWithEsbuild({
      entryPoints: [project.path('source', 'preload.js')],
      outfile: project.path('app', 'preload.cjs'),
      format: 'cjs',
    });
    expect(own).toEqual([]);
    const { preload, ...talk } = await runApp(electron, project, 'app');
    expect(talk).toEqual({ greetings });
    expect(preload).toBe(project.path('app', 'preload.cjs'));
  });
});
