import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inject, onTestFinished } from 'vitest';

const execute = promisify(execFile);
const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

/** A user's project in a folder of its own, which goes with the test. */
export class Project {
  readonly folder: string;

  constructor(files: Readonly<Record<string, string | object>> = {}) {
    // Resolved: on some systems the folder for temporary files is a link, and programs report where it leads.
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), 'portmesh-project-')));
    onTestFinished(() => rmSync(this.folder, { recursive: true, force: true }));
    for (const [path, content] of Object.entries(files)) this.write(path, content);
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** Writes a file; what is no text, as JSON. */
  write(path: string, content: string | object): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  }

  /** Copies files that lie beside this one, as they are. */
  copy(from: string, to = ''): void {
    cpSync(join(here, from), this.path(to), { recursive: true });
  }

  /** Installs the tarball, and nothing from anywhere else. */
  async install(folder = ''): Promise<void> {
    const to = ['--prefix', this.path(folder)]; // an outer npm may have set it to its own
    await this.run('npm', 'install', inject('tarball'), ...to, '--offline', '--no-audit', '--no-fund');
  }

  /** Makes a development package of this repository's a package of the project. */
  link(name: string): void {
    mkdirSync(dirname(this.path('node_modules', name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), this.path('node_modules', name), 'junction');
  }

  /** What the program prints; rejects with all of it if it fails. */
  async run(command: string, ...args: string[]): Promise<string> {
    try {
      return (await execute(command, args, { cwd: this.folder })).stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error });
    }
  }
}
