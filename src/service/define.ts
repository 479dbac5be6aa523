import { invalid, show } from '../core/errors/mesh-error.js';
import type { ServiceSchema } from './schema.js';
import { checkVersion } from './version.js';

/** What `defineService` takes besides the name. */
export interface ServiceOptions<M = object, E = object> {
  /**
   * `'MAJOR.MINOR'`. A user and a provider understand each other if the majors are the same, and the provider's minor is not the
   * smaller one; else calls reject with `VERSION_MISMATCH`. @default none: nothing is compared
   */
  readonly version?: string;
  /** Schemas by Standard Schema, such as zod's and valibot's. @default none: nothing is checked */
  readonly schema?: ServiceSchema<M, E>;
}

/** A service, as both its provider and its users know it: made once, in a file that both import. */
export interface Service<M = object, E = object> {
  /** What it goes by in the mesh. */
  readonly name: string;
  /** See `ServiceOptions`. */
  readonly version: string | undefined;
  /** See `ServiceOptions`. */
  readonly schema: ServiceSchema<M, E>;
  /** For the compiler only. */
  readonly types?: readonly [methods: M, events: E];
}

const optionNames = ['version', 'schema'];

/** Of a name: what is left of a channel's 256 characters is the event's. */
const MAX_NAME = 128;

/**
 * Names a service, and gives it its types.
 *
 * @typeParam M its methods
 * @typeParam E its events: by name, what their listeners get
 * @throws MeshError `INVALID_ARGUMENT`
 * @example
 * export interface Files {
 *   read(path: string): Promise<Uint8Array>;
 *   watch(path: string): AsyncIterable<Change>;
 * }
 * export const files = defineService<Files, { changed: [path: string] }>('files', { version: '1.2' });
 */
export function defineService<M extends object, E extends { [K in keyof E]: readonly unknown[] } = object>(
  name: string,
  options: ServiceOptions<M, E> = {},
): Service<M, E> {
  const call = `defineService(${show(name)})`;
  if (typeof name !== 'string' || name.length < 1 || name.length > MAX_NAME || /[/*]/.test(name)) {
    throw invalid(call, `a name is a text of 1 to ${MAX_NAME} characters, without '/' and '*'.`);
  }
  if (typeof options !== 'object' || options === null) throw invalid(call, 'the options are an object.');
  for (const key of Object.keys(options)) {
    if (!optionNames.includes(key)) throw invalid(call, `there is no option '${key}', only version and schema.`);
  }
  const { version, schema = {} } = options;
  if (version !== undefined) checkVersion(call, version);
  for (const each of [schema.methods, schema.events]) {
    if (each !== undefined && (typeof each !== 'object' || each === null)) {
      throw invalid(call, 'a schema is { methods: { name: { args, result } }, events: { name: args } }.');
    }
  }
  return Object.freeze({ name, version, schema });
}
