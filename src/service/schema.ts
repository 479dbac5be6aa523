import { MeshError } from '../core/errors/mesh-error.js';

/** What Standard Schema (standardschema.dev) asks of a schema: zod's, valibot's, ArkType's and others' are such. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** What a schema says of a value. */
export type SchemaResult<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

/** What is wrong with a value, and where in it. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The schemas of a service: those that are given are checked. */
export interface ServiceSchema<M = object, E = object> {
  /** By method: of the array of its arguments, and of its result. */
  readonly methods?: { readonly [K in keyof M]?: { readonly args?: StandardSchema; readonly result?: StandardSchema } };
  /** By event: of the array of its arguments. */
  readonly events?: { readonly [K in keyof E]?: StandardSchema };
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
