import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";

// What a user writes as `declare module "wfe-core"`; it widens the whole compilation, so this folder is one of its own.
declare module "../../src/models/json.ts" {
  interface CodecTypes {
    date: Date;
  }
}

new WorkflowBuilder<{ at: Date; s: { d: Date[] } }>();
// @ts-expect-error a Set is not among the codec's types
new WorkflowBuilder<{ at: Set<string> }>();
