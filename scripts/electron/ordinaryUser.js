import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `nobody`, whom every distribution has; that it owns nothing is what it is for. */
const USER = 65_534;

const SETPRIV = ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups'];

/** What a program needs to make a sandbox like Chromium's: a user namespace, with itself as root in it. */
const NAMESPACE = ['unshare', '--user', '--map-root-user', 'true'];

const manifest = fileURLToPath(new URL('../../package.json', import.meta.url));

/** Whether Electron has to run with Chromium's sandbox on, root or not: `PORTMESH_OS_SANDBOX=1`, `--os-sandbox`. */
export function sandboxWanted() {
  return Boolean(process.env.PORTMESH_OS_SANDBOX);
}

/** Chromium's sandbox refuses root, and needs user namespaces, which containers and some distributions forbid. */
export function sandboxWorks() {
  if (process.getuid?.() === 0) return false;
  const probe = run(NAMESPACE);
  return probe.error !== undefined || probe.status === 0;
}

/**
 * Lets root run an Electron as an ordinary user, as Chromium's sandbox demands. Nothing of it is left after `stop()`: the user
 * is one that is there anyway, and what it can't read or write lies in a temporary folder.
 *
 * @param {string} executable the Electron to run
 * @returns {{ executable: string, env: NodeJS.ProcessEnv, stop: () => void }} `executable` is a script in its place, which gives
 *   the folder of `--user-data-dir` to the user too; `env` is what to set
 * @throws Error with the fix, where the user could not run it, or would have no sandbox
 */
export function asOrdinaryUser(executable) {
  check(SETPRIV.concat('true'), 'setpriv of util-linux is needed to become an ordinary user. Install it (util-linux).');
  check(
    [...SETPRIV, ...NAMESPACE],
    "Chromium's sandbox needs user namespaces, which this machine does not let ordinary users make: see " +
      'user.max_user_namespaces, kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns ' +
      '(sysctl), and the container, if this is one.',
  );
  check(
    [...SETPRIV, 'test', '-r', manifest],
    `user ${USER} can't read ${dirname(manifest)}. Check the project out where everybody can read it.`,
  );
  const folder = mkdtempSync(join(tmpdir(), 'portmesh-user-'));
  chmodSync(folder, 0o755);
  const home = join(folder, 'home');
  mkdirSync(home);
  chownSync(home, USER, USER);
  const script = join(folder, 'electron.sh');
  writeFileSync(script, scriptOf(reachable(executable, folder)), { mode: 0o755 });
  return {
    executable: script,
    // Root's own folders are of no use to the user.
    env: { HOME: home, XDG_CONFIG_HOME: undefined, XDG_CACHE_HOME: undefined, XDG_RUNTIME_DIR: undefined },
    stop: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** @param {string} executable */
function scriptOf(executable) {
  return `#!/bin/sh
for arg; do
  case $arg in --user-data-dir=*) chown ${USER}:${USER} "\${arg#*=}" ;; esac
done
exec ${SETPRIV.join(' ')} '${executable.replaceAll("'", "'\\''")}' "$@"
`;
}

/**
 * The Electron itself, or, where it lies in a folder of root's own (the cache in its home), one that is linked to it.
 *
 * @param {string} executable
 * @param {string} folder
 */
function reachable(executable, folder) {
  if (run([...SETPRIV, 'test', '-x', executable]).status === 0) return executable;
  const copy = join(folder, 'electron');
  // Links where the file system is the same, else a quarter of a gigabyte.
  if (run(['cp', '-al', dirname(executable), copy]).status !== 0) {
    rmSync(copy, { recursive: true, force: true });
    check(
      ['cp', '-a', dirname(executable), copy],
      `${dirname(executable)} can't be copied to where user ${USER} can read it.`,
    );
  }
  return join(copy, basename(executable));
}

/**
 * @param {string[]} command
 * @param {string} problem what it means if it fails
 */
function check(command, problem) {
  const { status, error, stderr } = run(command);
  if (status === 0) return;
  throw new Error(`--os-sandbox: ${problem}\n  ${command.join(' ')}: ${error?.message ?? stderr.trim()}`);
}

/** @param {string[]} command */
function run([command, ...args]) {
  return spawnSync(command, args, { encoding: 'utf8' });
}
