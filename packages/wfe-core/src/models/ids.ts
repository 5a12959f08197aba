/** Id of a workflow instance. A string at run time; the type remembers what data the instance has, so that `waitForWorkflow(id)` knows. */
export type WorkflowId<TData = unknown> = string & { readonly "~data"?: TData };
