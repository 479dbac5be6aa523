import * as esbuild from 'esbuild';
import { builtinModules } from 'node:module';
import * as vite from 'vite';

const external = ['electron', /^node:/, ...builtinModules];

/** Bundles with esbuild; returns the warnings. */
export async function bundleWithEsbuild(options: esbuild.BuildOptions): Promise<string[]> {
  const { warnings } = await esbuild.build({ bundle: true, external: ['electron'], logLevel: 'silent', ...options });
  return warnings.map(({ text }) => text);
}

/** Bundles the page in `root` with Vite; returns the warnings. */
export function bundlePage(root: string, outDir: string): Promise<string[]> {
  return bundleWithVite({ root, build: { outDir, emptyOutDir: true } });
}

/** The ways in which apps bundle their main process with Vite. */
export type MainKind = 'server' | 'library, as a module' | 'library, as CommonJS';

/** Bundles the main process, all but Electron, with Vite; returns the warnings. */
export function bundleMain(root: string, outDir: string, kind: MainKind): Promise<string[]> {
  const build: vite.BuildEnvironmentOptions = { outDir, emptyOutDir: true, rolldownOptions: { external } };
  if (kind === 'server')
    return bundleWithVite({ root, build: { ...build, ssr: 'main.js' }, ssr: { noExternal: true } });
  const formats: vite.LibraryFormats[] = [kind === 'library, as CommonJS' ? 'cjs' : 'es'];
  return bundleWithVite({ root, build: { ...build, lib: { entry: 'main.js', formats, fileName: () => 'main.js' } } });
}

async function bundleWithVite(config: vite.UserConfig): Promise<string[]> {
  const warnings: string[] = [];
  const customLogger = vite.createLogger('silent');
  customLogger.warn = (text) => void warnings.push(text);
  customLogger.warnOnce = customLogger.warn;
  await vite.build({ base: './', configFile: false, logLevel: 'warn', customLogger, ...config });
  return warnings;
}
