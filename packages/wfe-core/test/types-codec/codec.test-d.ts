import { WorkflowBuilder } from "wfe-core";

// What a user writes. It widens the whole compilation, so this folder is one of its own.
declare module "wfe-core" {
  interface CodecTypes {
    date: Date;
  }
}

new WorkflowBuilder<{ at: Date; s: { d: Date[] } }>();
// @ts-expect-error a Set is not among the codec's types
new WorkflowBuilder<{ at: Set<string> }>();
