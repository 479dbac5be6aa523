import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = ['README.md', 'CHANGELOG.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)];

/** Languages of blocks that are no TypeScript. */
const others = new Set(['sh', 'html', 'text']);

interface Block {
  /** Of its first line, in the page */
  readonly line: number;
  readonly language: string;
  readonly code: string;
}

function read(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}

function blocksOf(page: string): Block[] {
  return [...read(page).matchAll(/^```(.*)\n([^]*?)^```$/gm)].map(
    ({ index, input, 1: language = '', 2: code = '' }) => ({
      line: input.slice(0, index).split('\n').length + 1,
      language,
      code,
    }),
  );
}

/** Compiles the examples as files of one program, each a module of its own, beside the page it stands in. */
function compile(sources: ReadonlyMap<string, string>): string[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    moduleDetection: ts.ModuleDetectionKind.Force,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    types: ['node'],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  delete host.directoryExists; // the examples' folders are in no file system
  host.fileExists = (file) => sources.has(file) || fileExists.call(host, file);
  host.readFile = (file) => sources.get(file) ?? readFile.call(host, file);
  const program = ts.createProgram([...sources.keys(), join(root, 'test/package/docs-ambient.d.ts')], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, '\n');
    if (!file) return text;
    const [, page = file.fileName, first = '1'] = /^(.*)\.(\d+)\.mts$/.exec(file.fileName) ?? [];
    const line = Number(first) + file.getLineAndCharacterOfPosition(start).line;
    return `${relative(root, page).replaceAll('\\', '/')}:${line}: ${text}`;
  });
}

describe('examples', () => {
  const wrong = [
    'docs/page.md',
    7,
    "import { connect } from 'portmesh/renderer';\n\nconnect({ naem: 'editor' });\n",
  ] as const;
  const blocks = pages.flatMap((page) => blocksOf(page).map((block) => ({ page, ...block })));
  const written = blocks.filter(({ language }) => language === 'ts');
  let problems: string[] = [];

  // All in one program: most of its time goes into what they import.
  beforeAll(() => {
    const sources = written.map(({ page, line, code }) => [page, line, code] as const);
    const files = new Map([...sources, wrong].map(([page, line, code]) => [join(root, `${page}.${line}.mts`), code]));
    // One that begins with its name, such as `// shared/files.ts`, is what the others of its page import from there.
    for (const [page, , code] of sources) {
      const [, name] = /^\/\/ ([\w/-]+\.ts)\b/.exec(code) ?? [];
      if (name) files.set(join(root, dirname(page), name), code);
    }
    problems = compile(files);
  });

  test('are TypeScript, or nothing to compile', () => {
    const unknown = blocks.filter(({ language }) => language !== 'ts' && !others.has(language));
    expect(unknown.map(({ page, line, language }) => `${page}:${line}: ${language}`)).toEqual([]);
  });

  test('compile', () => {
    expect(written.length).toBeGreaterThan(20);
    expect(problems.filter((problem) => !problem.startsWith(wrong[0]))).toEqual([]);
  });

  test('one that does not compile is found, where it stands', () => {
    const found = problems.filter((problem) => problem.startsWith(wrong[0]));
    expect(found).toEqual([expect.stringMatching(/^docs\/page\.md:9: .*'naem' does not exist/)]);
  });
});

test.each(pages)('the links of %s lead somewhere', (page) => {
  const text = read(page).replaceAll(/^```[^]*?^```$/gm, '');
  const broken = [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)]
    .filter(({ 1: path = '', 2: heading }) => {
      const to = path === '' ? page : relative(root, join(root, dirname(page), path));
      return !existsSync(join(root, to)) || (heading !== undefined && !anchorsOf(to).includes(heading));
    })
    .map(([link]) => link);
  expect(broken).toEqual([]);
});

function anchorsOf(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.*)$/gm)].map(({ 1: heading = '' }) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
