import type { MeshError } from '../core/errors/mesh-error.js';

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
 * The value as the schema has it, at once if the schema answers at once.
 * @throws MeshError what `error` makes of the issues, in words
 */
export function validate(schema: StandardSchema, value: unknown, error: (issues: string) => MeshError): unknown {
  const judge = (result: SchemaResult<unknown>): unknown => {
    if (result.issues) throw error(result.issues.map(describe).join('; '));
    return result.value;
  };
  const result = schema['~standard'].validate(value);
  return result instanceof Promise ? result.then(judge) : judge(result);
}

/** "[0].size: expected a number" */
function describe({ message, path = [] }: SchemaIssue): string {
  const keys = path.map((step) => (typeof step === 'object' ? step.key : step));
  const where = keys
    .map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i > 0 ? '.' : ''}${String(key)}`))
    .join('');
  return where ? `${where}: ${message}` : message;
}
