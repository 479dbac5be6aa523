import { isThenable } from '../core/bus/dispatcher.js';
import { MeshError, type MeshErrorCode } from '../core/errors/mesh-error.js';

/** What Standard Schema (standardschema.dev) asks of a schema: zod's, valibot's, ArkType's and others' are such. */
export interface StandardSchema<Output = unknown> {
  /** What there is to it. */
  readonly '~standard': StandardSchemaProps<Output>;
}

/** See `StandardSchema`. */
export interface StandardSchemaProps<Output> {
  /** Of the standard. */
  readonly version: 1;
  /** The library it is of. */
  readonly vendor: string;
  /** Judges a value, at once or later. */
  readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
}

/** What a schema says of a value: what it makes of it, or what is wrong. */
export interface SchemaResult<Output> {
  /** The value, if there are no issues. */
  readonly value?: Output;
  /** What is wrong. */
  readonly issues?: readonly SchemaIssue[] | undefined;
}

/** What is wrong with a value, and where in it. */
export interface SchemaIssue {
  /** In words. */
  readonly message: string;
  /** The keys that lead there, or objects that hold them. */
  readonly path?: readonly (PropertyKey | Readonly<Record<'key', PropertyKey>>)[] | undefined;
}

/** The schemas of a service: those that are given are checked. */
export interface ServiceSchema<M = object, E = object> {
  /** By method. */
  readonly methods?: { readonly [K in keyof M]?: MethodSchema };
  /** By event: of the array of its arguments. */
  readonly events?: { readonly [K in keyof E]?: StandardSchema };
}

/** The schemas of a method. */
export interface MethodSchema {
  /** Of the array of its arguments: checked, and transformed, where they arrive. */
  readonly args?: StandardSchema;
  /** Of what its promise resolves with: checked, and transformed, where it arrives. */
  readonly result?: StandardSchema;
}

/**
 * The value as the schema has it, at once if the schema answers at once; of no schema, as it is.
 * @param call whose value it is, and `what` it is to it, in words
 * @throws MeshError of that code
 */
export function validate(
  schema: StandardSchema | undefined,
  value: unknown,
  code: MeshErrorCode,
  call: string,
  what = "its arguments don't fit",
): unknown {
  if (!schema) return value;
  return after(schema['~standard'].validate(value), ({ issues, value: fitting }) => {
    if (issues) throw new MeshError(code, `${call}: ${what}: ${issues.map(describe).join('; ')}`);
    return fitting;
  });
}

/** What comes after something that is there, or will be. */
export function after<T>(value: T | PromiseLike<T>, go: (value: T) => unknown): unknown {
  return isThenable(value) ? Promise.resolve(value).then(go as (value: unknown) => unknown) : go(value);
}

/** "[0].size: expected a number" */
function describe({ message, path = [] }: SchemaIssue): string {
  const steps = path.map((step) => {
    const key = typeof step === 'object' ? step.key : step;
    return typeof key === 'number' ? `[${key}]` : `.${String(key)}`;
  });
  return steps.length > 0 ? `${steps.join('')}: ${message}` : message;
}
