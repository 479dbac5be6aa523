import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import yauzl from 'yauzl';

/**
 * Unpacks the files of a zip that `place` wants. extract-zip can only unpack all of it, and most of what the registry's
 * zip holds (an application of some 10,000 files) would have to be deleted again.
 *
 * @param {string} zip
 * @param {string} folder
 * @param {(path: string) => string | undefined} place where a file of the zip goes in `folder`; undefined: nowhere
 */
export async function unzip(zip, folder, place) {
  const file = await promisify(/** @type {any} */ (yauzl.open))(zip, { lazyEntries: true });
  const openStream = promisify(file.openReadStream.bind(file));
  try {
    for await (const entry of entries(file)) {
      const path = entry.fileName.endsWith('/') ? undefined : place(entry.fileName);
      if (path === undefined) continue;
      const target = join(folder, path);
      await mkdir(dirname(target), { recursive: true });
      const mode = (entry.externalFileAttributes >>> 16) & 0o777;
      await pipeline(await openStream(entry), createWriteStream(target, { mode: mode || 0o644 }));
    }
  } finally {
    file.close();
  }
}

/** @param {any} file */
async function* entries(file) {
  for (let left = file.entryCount; left > 0; left--) {
    const entry = once(file, 'entry'); // which also rejects at an 'error'
    file.readEntry();
    yield (await entry)[0];
  }
}
