import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Project } from './project.js';

test('an empty project can install it, and gets nothing else', async () => {
  const project = new Project({ 'package.json': { private: true } });
  await project.install();
  const installed = readdirSync(project.path('node_modules')).filter((name) => !name.startsWith('.'));
  expect(installed).toEqual(['portmesh']);
});

test('plain Node can import it', async () => {
  const project = new Project({ 'package.json': { private: true, type: 'module' } });
  await project.install();
  project.copy('programs/node.js', 'program.js');
  expect(JSON.parse(await project.run(process.execPath, 'program.js'))).toEqual({
    answer: ['pong', 'ping'],
    moved: [1],
    error: 'LIMIT',
    connect: 'function',
    via: 'INVALID_ARGUMENT',
    preload: project.path('node_modules', 'portmesh', 'dist', 'preload', 'portmesh.cjs'),
  });
});

test("Comlink's part is the same copy's, where the application has installed Comlink", async () => {
  const project = new Project({ 'package.json': { private: true, type: 'module' } });
  await project.install();
  const program = `
    import { transferHandlers } from 'comlink';
    const stock = transferHandlers.get('proxy').serialize;
    const { expose, wrap } = await import('portmesh/comlink');
    console.log(typeof expose, typeof wrap, transferHandlers.get('proxy').serialize !== stock);
  `;
  project.write('program.js', program);
  await expect(project.run(process.execPath, 'program.js')).rejects.toThrow(/comlink/);
  project.link('comlink');
  expect(await project.run(process.execPath, 'program.js')).toBe('function function true\n');
});

test('its command can be run', async () => {
  const project = new Project({ 'package.json': { private: true } });
  await project.install();
  const { version } = JSON.parse(readFileSync(project.path('node_modules', 'portmesh', 'package.json'), 'utf8')) as {
    version: string;
  };
  expect(await project.run('npx', '--offline', 'portmesh', '--version')).toBe(`${version}\n`);
  expect(await project.run('npx', '--offline', 'portmesh', 'broker', '--help')).toContain('--secrets-file');
});

describe.each(['nodenext', 'bundler'])('types, with moduleResolution %s', (moduleResolution) => {
  const compilerOptions = {
    target: 'es2022',
    module: moduleResolution === 'bundler' ? 'preserve' : 'nodenext',
    moduleResolution,
    moduleDetection: 'force',
    strict: true,
    skipLibCheck: false,
    skipDefaultLibCheck: true, // TypeScript's own
    allowJs: true,
    checkJs: true,
    noEmit: true,
  };

  test.each([
    ['comlink.ts', { lib: ['es2022', 'dom'], types: [] }, ['comlink']],
    ['page.ts', { lib: ['es2022', 'dom'], types: [] }, []],
    ['node.js', { lib: ['es2022'], types: ['node'] }, ['@types/node']],
    ['utility.ts', { lib: ['es2022', 'dom'], types: ['node'] }, ['@types/node', 'electron']],
    ['main.ts', { lib: ['es2022', 'dom'], types: ['node'] }, ['@types/node', 'electron']], // Electron's own need a DOM
  ])('%s compiles', async (program, options, needs) => {
    const project = new Project({
      'package.json': { private: true, type: 'module' },
      'tsconfig.json': { compilerOptions: { ...compilerOptions, ...options }, files: [program] },
    });
    await project.install();
    for (const name of ['typescript', ...needs]) project.link(name);
    project.copy(`programs/${program}`, program);
    await project.run(process.execPath, 'node_modules/typescript/bin/tsc');
  });
});
