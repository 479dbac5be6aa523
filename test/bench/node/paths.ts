import { join } from 'node:path';

/** Where a socket of that name is: on Windows, a pipe. */
export function pathIn(folder: string, name: string): string {
  return process.platform === 'win32'
    ? `\\\\.\\pipe\\${folder.replaceAll(/[\\/:]/g, '-')}-${name}`
    : join(folder, name);
}
