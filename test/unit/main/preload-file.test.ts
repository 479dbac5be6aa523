import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findPreload } from '../../../src/main/preload-file.js';

const source = vi.hoisted(() => '(()=>{"the preload"})();\n');
// Written by the build, into dist only: so it is known by the name under which it is imported, and by no path.
vi.mock('./preload-source.js', () => ({ preloadSource: source }));

let folder: string;
const app = (): string => join(folder, 'app');
const data = (): string => join(folder, 'data');
const find = (): string => findPreload(app(), data);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portmesh-preload-'));
  mkdirSync(app());
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Puts the package, with that preload, into the app's node_modules. */
function installPackage(preload: string): string {
  const root = join(app(), 'node_modules', 'portmesh');
  const file = join(root, 'dist', 'portmesh.cjs');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(
    join(root, 'package.json'),
    JSON.stringify({ name: 'portmesh', exports: { './preload': './dist/portmesh.cjs' } }),
  );
  writeFileSync(file, preload);
  return file;
}

describe('findPreload', () => {
  it('takes the file in the package, and writes none', () => {
    const file = installPackage(source);
    expect(find()).toBe(file);
    expect(existsSync(data())).toBe(false);
  });

  it('takes no file of another version of the package', () => {
    installPackage('(()=>{"another one"})();\n');
    expect(find().startsWith(data())).toBe(true);
  });

  it("writes one into the application's data where there is no package, for its owner alone", () => {
    const file = find();
    expect(file).toMatch(/portmesh[/\\]preload-[0-9a-f]{16}\.cjs$/);
    expect(readFileSync(file, 'utf8')).toBe(source);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
    expect(readdirSync(dirname(file))).toHaveLength(1);
  });

  it('takes the file that is there already, and does not write it again', () => {
    const file = find();
    const { ino, mtimeMs } = statSync(file);
    expect(find()).toBe(file);
    expect(statSync(file)).toMatchObject({ ino, mtimeMs });
  });

  it.each(['tampered', '', `${source}evil()`])('replaces a file that holds something else: %j', (content) => {
    const file = find();
    writeFileSync(file, content);
    chmodSync(file, 0o666);
    expect(find()).toBe(file);
    expect(readFileSync(file, 'utf8')).toBe(source);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is not held up by what a killed writer left', () => {
    const partial = `${find()}.${process.pid}`;
    rmSync(find());
    writeFileSync(partial, 'half a fi');
    expect(readFileSync(find(), 'utf8')).toBe(source);
    expect(existsSync(partial)).toBe(false);
  });
});

describe('several instances of an app that start at once', () => {
  it('all get the whole file, and leave nothing else', async () => {
    const program = join(folder, 'instance.cjs');
    // Long enough that a file half written would show.
    const long = JSON.stringify(`//${'x'.repeat(1_000_000)}\n`);
    await build({
      stdin: {
        contents: `
          import { readFileSync } from 'node:fs';
          import { findPreload } from './preload-file.js';
          import { preloadSource } from './preload-source.js';
          // All at the same moment
          process.stdin.once('data', () => {
            for (let i = 0; i < 20; i++) {
              const file = findPreload(${JSON.stringify(app())}, () => ${JSON.stringify(data())});
              if (readFileSync(file, 'utf8') !== preloadSource) throw new Error('half a file');
            }
            console.log('done');
            process.exit();
          });
          console.log('ready');`,
        resolveDir: fileURLToPath(new URL('../../../src/main', import.meta.url)),
      },
      plugins: [
        {
          name: 'source',
          setup: ({ onResolve, onLoad }) => {
            onResolve({ filter: /preload-source\.js$/ }, () => ({ path: 'source', namespace: 'source' }));
            onLoad({ filter: /.*/, namespace: 'source' }, () => ({
              contents: `export const preloadSource = ${long};`,
            }));
          },
        },
      ],
      bundle: true,
      format: 'cjs',
      platform: 'node',
      outfile: program,
    });
    const instances = Array.from({ length: 4 }, () =>
      spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'pipe'] }),
    );
    await Promise.all(instances.map(({ stdout }) => once(stdout, 'data')));
    const outcomes = instances.map(({ stderr }) => text(stderr));
    for (const { stdin } of instances) stdin.write('go');
    const codes = await Promise.all(instances.map(async (instance) => (await once(instance, 'exit'))[0] as number));
    expect(await Promise.all(outcomes)).toEqual(['', '', '', '']);
    expect(codes).toEqual([0, 0, 0, 0]);
    const files = readdirSync(join(data(), 'portmesh'));
    expect(files).toEqual([expect.stringMatching(/^preload-[0-9a-f]{16}\.cjs$/)]);
  });
});
