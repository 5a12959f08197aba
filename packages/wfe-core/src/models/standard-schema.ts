import type { MaybePromise } from "./json.ts";

/** What a schema finds wrong with a value. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The interface of standardschema.dev, version 1, restated: zod, valibot, arktype and others have it. */
export interface StandardSchema<out TInput = unknown, out TOutput = TInput> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (
      value: unknown,
    ) => MaybePromise<{ readonly value: TOutput; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] }>;
    readonly types?: { readonly input: TInput; readonly output: TOutput } | undefined;
  };
}
