import { parseArgs } from 'node:util';

/**
 * What a script was given. `--help` prints how it is used, and ends it; so does what it does not know.
 *
 * @param {string} usage what `--help` prints
 * @param {import('node:util').ParseArgsConfig['options']} options as `parseArgs` has them
 */
export function readArguments(usage, options) {
  let values;
  try {
    ({ values } = parseArgs({ options: { ...options, help: { type: 'boolean', short: 'h' } } }));
  } catch (error) {
    return misused(usage, /** @type {Error} */ (error).message);
  }
  if (!values.help) return values;
  console.log(usage);
  return process.exit(0);
}

/**
 * Ends a script that was given what it can't do anything with.
 *
 * @param {string} usage
 * @param {string} problem
 */
export function misused(usage, problem) {
  console.error(`${problem}\n\n${usage}`);
  process.exit(2);
}
