import { defineEvent, WorkflowBuilder } from "wfe-core";

// What a user writes. It widens the whole compilation, so this folder is one of its own.
declare module "wfe-core" {
  interface CodecTypes {
    date: Date;
  }
}

new WorkflowBuilder<{ at: Date; s: { d: Date[] } }>();
// @ts-expect-error a Set is not among the codec's types
new WorkflowBuilder<{ at: Set<string> }>();

// as a whole value
new WorkflowBuilder<{ at: Date }>()
  .thenFn("a", () => new Date())
  .saveAs("at")
  .thenFn("b", async () => ({ since: new Date(), list: [new Date()] }))
  .waitFor(defineEvent<Date>("e"), "k")
  .saveAs("at")
  .build("w", 1);
// @ts-expect-error a Map is not among the codec's types
defineEvent<Map<string, string>>("e");
// @ts-expect-error a Set is not among the codec's types
new WorkflowBuilder().thenFn("a", () => new Set<string>());
// @ts-expect-error nor is a Set beside a Date
new WorkflowBuilder().thenFn("a", () => ({ at: new Date(), seen: new Set<string>() }));
