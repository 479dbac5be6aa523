import { invalid, show } from '../core/errors/mesh-error.js';
import { checkOptions } from '../core/options.js';
import type { MethodSchema, ServiceSchema, StandardSchema } from './schema.js';

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

/** Internal: whatever its methods and events. */
export interface AnyService {
  readonly name: string;
  readonly version: string | undefined;
  readonly schema: {
    readonly methods?: { readonly [method: string]: MethodSchema | undefined };
    readonly events?: { readonly [event: string]: StandardSchema | undefined };
  };
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
  const call = `defineService(${show(name)}`;
  // What is left of a channel's 256 characters is an event's.
  if (typeof name !== 'string' || !/^[^/*]{1,128}$/.test(name)) {
    throw invalid(`${call})`, "a name is a text of 1 to 128 characters, without '/' and '*'.");
  }
  const { version, schema = {} } = checkOptions(`${call}, `, options, ['version', 'schema']);
  if (version !== undefined && (typeof version !== 'string' || !/^\d{1,9}(\.\d{1,9}){0,2}$/.test(version))) {
    throw invalid(`${call})`, `version ${show(version)}: give 'MAJOR.MINOR', such as '1.2'.`);
  }
  // Of one that is overlooked, nothing would be checked.
  const { methods, events } = checkOptions(`${call}, schema: `, schema, ['methods', 'events']);
  const check = (schemas: object, of: string): void => {
    for (const [key, each] of Object.entries(schemas)) {
      if (each === undefined || typeof (each as StandardSchema)?.['~standard']?.validate === 'function') continue;
      throw invalid(`${call}, schema: ${of}${key})`, "give a Standard Schema, such as zod's or valibot's.");
    }
  };
  check(events ?? {}, 'events.');
  for (const [method, each] of Object.entries<MethodSchema | undefined>(methods ?? {})) {
    const of = `methods.${method}`;
    check(checkOptions(`${call}, schema: ${of}: `, each ?? {}, ['args', 'result']), `${of}.`);
  }
  return Object.freeze({ name, version, schema });
}
