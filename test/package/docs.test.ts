import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

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
  host.fileExists = (file) => sources.has(file) || fileExists.call(host, file);
  host.readFile = (file) => sources.get(file) ?? readFile.call(host, file);
  const program = ts.createProgram([...sources.keys(), join(root, 'test/package/docs-ambient.d.ts')], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, '\n');
    if (!file) return text;
    const [, page = file.fileName, first = '1'] = /^(.*)\.(\d+)\.mts$/.exec(file.fileName) ?? [];
    const line = Number(first) + file.getLineAndCharacterOfPosition(start).line;
    return `${relative(root, page)}:${line}: ${text}`;
  });
}

test('every example compiles', () => {
  const sources = new Map<string, string>();
  for (const page of pages) {
    for (const { line, language, code } of blocksOf(page)) {
      if (language === 'ts') sources.set(join(root, `${page}.${line}.mts`), code);
      else expect(others, `${page}:${line}: \`\`\`${language}`).toContain(language);
    }
  }
  expect(sources.size).toBeGreaterThan(20);
  expect(compile(sources)).toEqual([]);
}, 60_000);

test('an example that does not compile is found, where it stands', () => {
  const wrong = "import { connect } from 'portmesh/renderer';\n\nconnect({ naem: 'editor' });\n";
  expect(compile(new Map([[join(root, 'docs/page.md.7.mts'), wrong]]))).toEqual([
    expect.stringMatching(/^docs[\\/]page\.md:9: .*'naem' does not exist/),
  ]);
}, 60_000);

describe.each(pages)('%s', (page) => {
  test('its links lead somewhere', () => {
    const text = read(page).replaceAll(/^```[^]*?^```$/gm, '');
    for (const [link, path = '', heading] of text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)) {
      const to = path === '' ? page : relative(root, join(root, dirname(page), path));
      expect(existsSync(join(root, to)), `${link}: there is no ${to}`).toBe(true);
      if (heading !== undefined) expect(anchorsOf(to), link).toContain(heading);
    }
  });
});

function anchorsOf(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.*)$/gm)].map(({ 1: heading = '' }) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
