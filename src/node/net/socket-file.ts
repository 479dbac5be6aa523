// A unix socket's file, so that at no moment anybody else can connect, and no moment shows it before it is listened at:
//
// 1. The directory: made for this user alone if it is missing; refused if others may write to it, and so put another socket there.
// 2. In it a fresh directory for this user alone, and in that one the socket, listened at, with mode 0600.
//    (umask would do without, but it is the whole process', other threads' included, and a worker can't set it.)
// 3. A second link to it, at the path: fails where there is something already. Of two that come at once, one wins.
// 4. What is there is asked. If nobody listens it is removed, by one at a time: else the second to find that out would remove what the
//    first has put there since. A link to one's own socket is the lock, so the lock of a process that has died can be told.
// 5. The fresh directory goes.
import { createHash } from 'node:crypto';
import { lstatSync, rmdirSync, unlinkSync, type Stats } from 'node:fs';
import { chmod, link, lstat, mkdir, mkdtemp, rename, rm, stat, unlink } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { basename, dirname, join, sep } from 'node:path';
import { invalid, MeshError } from '../../core/errors/mesh-error.js';
import { maxPath } from './address.js';
import { codeOf, isDenied } from './system-error.js';

/** Gives up when others came and went that often. */
const MAX_TRIES = 100;
/** Milliseconds until it looks again. */
const LOCKED_MS = 10;
const SOCKET_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/** The file of a socket that is listened at. */
export interface SocketFile {
  /** Whether it is still there: whoever cleans up may have removed it, and then nobody can connect any more. */
  isThere(): Promise<boolean>;
  /** Removes it, if it is still this one. Synchronous: for the process' end too. Nothing is to be done if it fails. */
  remove(): void;
}

/**
 * Makes a server listen at a path of the file system.
 *
 * @param listen makes it listen; if this rejects, close it
 * @returns its file; with it go the directories made for it, if they are empty
 */
export async function bindFile(
  path: string,
  call: string,
  listen: (where: { path: string }) => Promise<void>,
): Promise<SocketFile> {
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
    return socketFile(path, own, made);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    if (made) removeEmpty(directory, made);
    throw isDenied(error) ? denied(call, `no permission to make a socket in ${directory}`, error) : error;
  }
}

/**
 * Makes a server listen at a path that nobody else knows, in a directory that nobody else can enter: it needs no such care.
 *
 * @param listen makes it listen; if this rejects, close it
 */
export async function bindFresh(path: string, listen: (where: { path: string }) => Promise<void>): Promise<SocketFile> {
  await listen({ path });
  await chmod(path, SOCKET_MODE);
  return socketFile(path, await lstat(path));
}

async function makeDirectory(directory: string, call: string): Promise<{ fresh: string; made: string | undefined }> {
  for (let tries = 1; ; tries++) {
    try {
      const made = await makeMissing(directory);
      if (!made) checkDirectory(directory, await stat(directory), call);
      return { fresh: await mkdtemp(`${directory}${sep}.`), made };
    } catch (error) {
      // Another has removed it in between, as it closed.
      if (codeOf(error) === 'ENOENT' && tries < MAX_TRIES) continue;
      if (MeshError.is(error)) throw error;
      if (isDenied(error)) throw denied(call, `no permission to make a socket in ${directory}`, error);
      const problem = `the directory ${directory} can't be made or used: ${(error as Error).message}. Give another path.`;
      throw new MeshError('INVALID_ARGUMENT', `${call}: ${problem}`, { cause: error });
    }
  }
}

/**
 * Makes a directory, and those on the way to it. Node's own way to do so never ends below /proc, where nothing can be made.
 *
 * @returns the first that was made
 */
async function makeMissing(directory: string): Promise<string | undefined> {
  try {
    await mkdir(directory, { mode: DIRECTORY_MODE });
    return directory;
  } catch (error) {
    const found = await stat(directory).catch(() => undefined);
    if (found?.isDirectory()) return undefined;
    const parent = dirname(directory);
    if (codeOf(error) !== 'ENOENT' || parent === directory) throw error;
    const made = await makeMissing(parent);
    // That one is there. Nothing can be made in it, or others make and remove it at the same time.
    if (made === undefined) throw error;
    await makeMissing(directory);
    return made;
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

/** Gives the socket at `first` the name `path`, unless another is listened at there. */
async function publish(first: string, path: string, call: string): Promise<void> {
  const name = createHash('sha256').update(basename(path)).digest('hex').slice(0, 6);
  const lock = join(dirname(path), `.${name}`);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const linked = await tryLink(first, path);
    if (linked === undefined) return publishAlone(first, path, call);
    if (linked) return;
    if (!(await isLeftOver(path, call))) continue;
    if (!(await tryLink(first, lock))) {
      await waitFor(lock, call);
      continue;
    }
    try {
      if (await isLeftOver(path, call)) await unlink(path);
    } finally {
      await unlink(lock);
    }
  }
  throw invalid(call, `others make sockets at ${path} and remove them all the time. Give another path.`);
}

/** Where the file system has no such links. Of two that come at the same moment, both might believe that they have it. */
async function publishAlone(first: string, path: string, call: string): Promise<void> {
  if (await isLeftOver(path, call)) await unlink(path);
  await rename(first, path);
}

/** @returns `false`: something is there; `undefined`: the file system can't */
async function tryLink(from: string, to: string): Promise<boolean | undefined> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    const code = codeOf(error) ?? '';
    if (code === 'EEXIST') return false;
    if (['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(code)) return undefined;
    throw error;
  }
}

/** Whether a dead process has left it behind; `false`: it is gone. What is anything else is an error. */
async function isLeftOver(path: string, call: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  if (!found) return false;
  if (!found.isSocket())
    throw invalid(call, `${path} is there, and is no socket. It was left as it is: give another path.`);
  if (!(await isListenedAt(path, call))) return true;
  throw invalid(call, `another process listens at ${path} already. Give another path, or connect to that one.`);
}

/** Another removes what is left over. */
async function waitFor(lock: string, call: string): Promise<void> {
  if (await isListenedAt(lock, call)) await new Promise((resolve) => setTimeout(resolve, LOCKED_MS));
  else await rm(lock, { force: true });
}

/** Whether somebody takes connections there. @throws MeshError (rejects) `NOT_AUTHORIZED` */
export function isListenedAt(path: string, call: string): Promise<boolean> {
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

/** @param made the first of the directories that were made on the way to it */
function socketFile(path: string, own: Stats, made?: string): SocketFile {
  const isOwn = ({ dev, ino }: Stats): boolean => dev === own.dev && ino === own.ino;
  return {
    isThere: () => lstat(path).then(isOwn, () => false),
    remove() {
      try {
        if (isOwn(lstatSync(path))) unlinkSync(path);
      } catch {}
      if (made) removeEmpty(dirname(path), made);
    },
  };
}

/** @param made the first of the directories that were made on the way to it */
function removeEmpty(directory: string, made: string): void {
  try {
    for (let each = directory; each.length >= made.length; each = dirname(each)) rmdirSync(each);
  } catch {}
}

function denied(call: string, problem: string, cause: unknown): MeshError {
  return new MeshError('NOT_AUTHORIZED', `${call}: ${problem}. Give another path.`, { cause });
}
