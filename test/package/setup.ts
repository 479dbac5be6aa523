import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The packed package, as it would be published. */
    tarball: string;
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Packs what is built, once for all files. */
export default function setup({ provide }: TestProject): () => void {
  if (!existsSync(join(root, 'dist'))) throw new Error('There is no dist to pack. Run npm run build before.');
  const folder = mkdtempSync(join(tmpdir(), 'portmesh-tarball-'));
  // Without scripts: prepack would make dist anew, which other tests may be using.
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { cwd: root });
  provide('tarball', join(folder, String(readdirSync(folder)[0])));
  return () => rmSync(folder, { recursive: true, force: true });
}
