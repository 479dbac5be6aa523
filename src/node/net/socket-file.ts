// A unix socket's file, so that at no moment anybody else can connect, and no moment shows it before it is listened at:
//
// 1. The directory: made for this user alone if it is missing; refused if others may write to it, and so put another socket there.
// 2. In it a fresh directory for this user alone, and in that one the socket, listened at, with mode 0600.
//    (umask would do without, but it is the whole process', other threads' included, and a worker can't set it.)
// 3. A second link to it at the path: fails where there is something already. Of two that come at once, one wins.
// 4. What is there is asked. If nobody listens, it is taken aside, asked again (it could be a new one), and removed.
// 5. The fresh directory goes.
import { lstatSync, rmdirSync, unlinkSync, type Stats } from 'node:fs';
import { chmod, link, lstat, mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { dirname, join, sep } from 'node:path';
import { invalid, MeshError } from '../../core/errors/mesh-error.js';
import { maxPath } from './address.js';
import { codeOf, isDenied } from './system-error.js';

/** Gives up when others came and went that often at the same moment. */
const MAX_TRIES = 10;
const SOCKET_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/**
 * Makes a server listen at a path of the file system.
 *
 * @param listen makes it listen; if this rejects, close it
 * @returns removes the file, if it is still this one, and the directories made for it, if they are empty
 */
export async function bindFile(
  path: string,
  call: string,
  listen: (where: { path: string }) => Promise<void>,
): Promise<() => void> {
  const directory = dirname(path);
  const { fresh, made } = await makeDirectory(directory, call);
  try {
    const first = join(fresh, 's');
    const excess = Buffer.byteLength(first) - maxPath();
    if (excess > 0) {
      const most = Buffer.byteLength(directory) - excess;
      throw invalid(call, `${directory} is too long: the path of a socket's directory has ${most} bytes at most.`);
    }
    await listen({ path: first });
    await chmod(first, SOCKET_MODE);
    const own = await lstat(first);
    await publish(first, path, call);
    await rm(fresh, { recursive: true });
    return () => remove(path, own, made);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    if (made) removeEmpty(directory, made);
    throw isDenied(error) ? denied(call, `no permission to make a socket in ${directory}`, error) : error;
  }
}

async function makeDirectory(directory: string, call: string): Promise<{ fresh: string; made: string | undefined }> {
  for (let tries = 1; ; tries++) {
    try {
      const made = await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
      if (!made) checkDirectory(directory, await stat(directory), call);
      return { fresh: await mkdtemp(`${directory}${sep}.`), made };
    } catch (error) {
      // Another has removed it in between, as it closed.
      if (codeOf(error) === 'ENOENT' && tries < MAX_TRIES) continue;
      if (MeshError.is(error)) throw error;
      if (isDenied(error)) throw denied(call, `no permission to make a socket in ${directory}`, error);
      const problem = `the directory ${directory} can't be made or used (${codeOf(error)}). Give another path.`;
      throw new MeshError('INVALID_ARGUMENT', `${call}: ${problem}`, { cause: error });
    }
  }
}

function checkDirectory(directory: string, { mode }: Stats, call: string): void {
  if (!(mode & OTHERS_WRITE) || mode & STICKY) return;
  throw invalid(
    call,
    `others may write to ${directory} (mode ${(mode & 0o7777).toString(8)}), and put another socket in this one's place. Take that ` +
      'from them (chmod go-w), or give a path in a directory that is not there yet: it is made for you alone.',
  );
}

/** Gives the socket at `from` the name `path`, where no other is listened at. */
async function publish(from: string, path: string, call: string): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    try {
      return await link(from, path);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') await makeRoom(path, `${from}-old`, call);
      else if (await isThere(path)) await makeRoom(path, `${from}-old`, call);
      // A file system without such links: two that come at once might both believe they have it.
      else return rename(from, path);
    }
  }
  throw invalid(call, `others make sockets at ${path} and remove them all the time. Give another path.`);
}

/** Removes what a process has left behind. */
async function makeRoom(path: string, aside: string, call: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (!found) return;
  if (!found.isSocket())
    throw invalid(call, `${path} is there, and is no socket. It was left as it is: give another path.`);
  if (await isListenedAt(path, call)) throw taken(path, call);
  await rename(path, aside).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
  });
  if (!(await isThere(aside))) return;
  if (await isListenedAt(aside, call)) {
    // It came in this very moment: back with it.
    await link(aside, path).catch(() => rename(aside, path));
    throw taken(path, call);
  }
  await rm(aside);
}

function isListenedAt(path: string, call: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => {
      if (isDenied(error)) return reject(denied(call, `${path} is another user's`, error));
      // EAGAIN: more wait there than it takes at a time.
      resolve(codeOf(error) !== 'ECONNREFUSED' && codeOf(error) !== 'ENOENT');
    });
  });
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Synchronous: for the process' end too. Nothing is to be done if it fails. */
function remove(path: string, own: Stats, made: string | undefined): void {
  try {
    const { dev, ino } = lstatSync(path);
    if (dev === own.dev && ino === own.ino) unlinkSync(path);
  } catch {}
  if (made) removeEmpty(dirname(path), made);
}

/** @param made the first of the directories that were made on the way to it */
function removeEmpty(directory: string, made: string): void {
  try {
    for (let each = directory; each.length >= made.length; each = dirname(each)) rmdirSync(each);
  } catch {}
}

function taken(path: string, call: string): MeshError {
  return invalid(call, `another process listens at ${path} already. Give another path, or connect to that one.`);
}

function denied(call: string, problem: string, cause: unknown): MeshError {
  return new MeshError('NOT_AUTHORIZED', `${call}: ${problem}. Give another path.`, { cause });
}
