import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { compilerOptions } from '../support/compiler-options.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const file = join(root, 'test/unit/service/many-methods.mts');

/** Methods of all kinds, and a call of each. */
const kinds: readonly (readonly [declared: (name: string) => string, args: string])[] = [
  [(m) => `${m}(path: string, limit?: number): Promise<Uint8Array>;`, `'a'`],
  [(m) => `${m}(a: number, b: { readonly x: string; y?: number[] }): number;`, `1, { x: 'a' }`],
  [(m) => `${m}(id: number): Promise<string>; ${m}(name: string): Promise<string[]>;`, `'a'`],
  [(m) => `${m}<T extends string>(value: T): Promise<T>;`, `'a'`],
  [(m) => `${m}(dir: string): AsyncIterable<{ path: string }>;`, `'a'`],
  [(m) => `${m}?(bytes: Uint8Array): void;`, `new Uint8Array(1)`],
  [(m) => `${m}(options: { onFound(path: string): void }): readonly string[];`, `{ onFound() {} }`],
  [(m) => `${m}(kind: 'a'): number; ${m}(kind: 'b', name: string): string;`, `'b', 'c'`],
];

/** How much the compiler has to work out for a service of so many methods. */
function instantiations(methods: number): number {
  const all = Array.from({ length: methods }, (_, i) => ({ name: `m${i}`, kind: kinds[i % kinds.length]! }));
  const source = `
    import type { Bus } from 'portmesh';
    import { consume, defineService, provide } from 'portmesh/service';
    interface Many { ${all.map(({ name, kind }) => kind[0](name)).join('\n')} }
    declare const bus: Bus;
    declare const many: Many;
    const service = defineService<Many>('many');
    provide(bus, service, many);
    const remote = consume(bus, service);
    ${all.map(({ name, kind }) => `void remote.${name}(${kind[1]});`).join('\n')}`;
  const host = ts.createCompilerHost(compilerOptions);
  const { fileExists, getSourceFile, readFile } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.readFile = (name) => (name === file ? source : readFile(name));
  host.getSourceFile = (name, target) =>
    name === file ? ts.createSourceFile(name, source, target) : getSourceFile(name, target);
  const program = ts.createProgram([file], compilerOptions, host);
  expect(program.getSemanticDiagnostics().map(({ messageText }) => messageText)).toEqual([]);
  return program.getInstantiationCount();
}

// What time that takes is a matter of the machine; what is counted is not: 277 for each method, with its call.
it('a service of 200 methods costs the compiler as much for each as one of 100, and little', () => {
  const [some, many] = [instantiations(100), instantiations(200)];
  expect(many / 200).toBeLessThan(400);
  expect(many).toBeLessThan(some * 2.2);
}, 120_000);
