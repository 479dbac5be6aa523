import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { compilerOptions } from '../unit/support/compiler-options.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

const source = `
import type { Bus } from 'portmesh';
import { consume, defineService } from 'portmesh/service';
interface Files {
  /** Reads a file, whole. */
  read(path: string): Promise<Uint8Array>;
  /** How many bytes it has. */
  size(path: string): number;
  /** Finds by a number. */
  find(id: number): Promise<string>;
  /** Finds by a name. */
  find(name: string): Promise<string[]>;
  /** Keeps bytes. */
  write(path: string, bytes: Uint8Array): Promise<void>;
}
declare const bus: Bus;
const f = consume(bus, defineService<Files>('files'));
void f.read('a'), f.size('a'), f.find(1), f.find('a'), f.write('a', new Uint8Array(1));
`;

/** What an editor shows at the call of a method. */
function documentation(service: ts.LanguageService, file: string, call: string): string {
  const info = service.getQuickInfoAtPosition(file, source.indexOf(call) + 2);
  return ts.displayPartsToString(info?.documentation);
}

test("an editor shows a method's own documentation at its remote call", () => {
  const file = join(root, 'test/package/editor-example.mts');
  const service = ts.createLanguageService({
    getCompilationSettings: () => compilerOptions,
    getScriptFileNames: () => [file],
    getScriptVersion: () => '1',
    getScriptSnapshot: (name) => {
      const text = name === file ? source : ts.sys.readFile(name);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
    fileExists: (name) => name === file || ts.sys.fileExists(name),
    readFile: (name) => (name === file ? source : ts.sys.readFile(name)),
  });
  expect(service.getSemanticDiagnostics(file).map(({ messageText }) => messageText)).toEqual([]);
  const shown = ["f.read('a')", "f.size('a')", 'f.find(1)', "f.find('a')", "f.write('a'"].map((call) =>
    documentation(service, file, call),
  );
  expect(shown).toEqual([
    'Reads a file, whole.',
    'How many bytes it has.',
    'Finds by a number.',
    'Finds by a name.',
    'Keeps bytes.',
  ]);
});
