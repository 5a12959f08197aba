import { expect, it } from "vitest";
import { defineStep, type HttpClient, type JsonValue, type WorkflowDefinitionJson } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

const note = defineStep("note", (text: string) => text);
const fail = defineStep("fail", (message: string): void => {
  throw new Error(message);
});
const undone: string[] = [];
const undo = defineStep("undo", (text: string, ctx) => {
  undone.push(`${text}: ${ctx.compensates?.error.message ?? "?"}`);
});

type Steps = WorkflowDefinitionJson["graph"]["steps"];
const parsed = (id: string, steps: Steps): WorkflowDefinitionJson =>
  JSON.parse(JSON.stringify({ id, version: 1, graph: { steps } })) as WorkflowDefinitionJson;
/** Appends a text to the list `seen`. */
const says = (id: number, text: string, next?: number): Steps[number] => ({
  id,
  name: text,
  kind: "step",
  stepType: "note",
  stepForm: "function",
  expressions: { input: { value: text } },
  saveAs: { "seen.-": "" },
  ...(next === undefined ? {} : { next }),
});

/** An endpoint that is content at the second request. */
function endpoint(): HttpClient {
  let asked = 0;
  return () => {
    asked += 1;
    return Promise.resolve(new Response(JSON.stringify({ state: asked === 1 ? "new" : "done" })));
  };
}

const child = parsed("child", [
  {
    id: 0,
    name: "double",
    kind: "step",
    stepType: "note",
    stepForm: "function",
    expressions: { input: { path: "text" } },
    saveAs: { answer: "" },
  },
]);

const all = parsed("all", [
  { id: 0, name: "remind", kind: "schedule", settings: { durationMs: 5_000 }, blocks: [{ role: "body", entry: 1 }], next: 2 },
  says(1, "scheduled"),
  {
    id: 2,
    name: "tick",
    kind: "recur",
    settings: { intervalMs: 1_000 },
    expressions: { until: { path: "seen.2", operator: "exists" } },
    blocks: [{ role: "body", entry: 3 }],
    next: 4,
  },
  says(3, "ticked"),
  {
    id: 4,
    name: "first",
    kind: "waitForAny",
    settings: { events: { paid: "paid", off: "off" }, keys: { off: "k" } },
    expressions: { "key.paid": { path: "key" } },
    saveAs: { "seen.-": "first" },
    next: 5,
  },
  {
    id: 5,
    name: "ask",
    kind: "activity",
    settings: { activity: "ask" },
    expressions: { input: { object: { of: { path: "key" } } } },
    saveAs: { "seen.-": "by" },
    next: 6,
  },
  {
    id: 6,
    name: "child",
    kind: "subWorkflow",
    settings: { definitionId: "child" },
    expressions: { input: { object: { text: { path: "key" } } } },
    saveAs: { "seen.-": "answer" },
    next: 7,
  },
  {
    id: 7,
    name: "poll",
    kind: "pollEndpoint",
    settings: { config: { url: "https://example.org/jobs/{key}", interval: 1_000, timeout: 60_000, until: { path: "state", equals: "done" } } },
    saveAs: { "seen.-": "body.state" },
    next: 8,
  },
  {
    id: 8,
    name: "called off",
    kind: "delay",
    settings: { durationMs: 3_600_000 },
    expressions: { cancelWhen: { path: "key", operator: "equals", value: "k 1" } },
    proceedOnCancel: true,
    next: 9,
  },
  { id: 9, name: "saga", kind: "saga", blocks: [{ role: "body", entry: 10 }], compensationStep: 14, next: 15 },
  {
    id: 10,
    name: "reserve",
    kind: "step",
    stepType: "note",
    stepForm: "function",
    expressions: { input: { value: "reserved" } },
    saveAs: { "seen.-": "" },
    compensationStep: 11,
    next: 12,
  },
  { id: 11, name: "release", kind: "step", stepType: "undo", stepForm: "function", expressions: { input: { value: "release" } } },
  {
    id: 12,
    name: "charge",
    kind: "step",
    stepType: "fail",
    stepForm: "function",
    expressions: { input: { value: "declined" } },
    errorBehavior: { kind: "compensate" },
    compensationStep: 13,
  },
  { id: 13, name: "refund", kind: "step", stepType: "undo", stepForm: "function", expressions: { input: { value: "refund" } } },
  { id: 14, name: "tell", kind: "step", stepType: "undo", stepForm: "function", expressions: { input: { value: "tell" } } },
  { ...says(15, "looped", 16), externalId: "loop" },
  {
    id: 16,
    name: "again",
    kind: "if",
    expressions: { condition: { path: "seen.10", operator: "notExists" } },
    blocks: [{ role: "then", entry: 17 }],
    next: 18,
  },
  { id: 17, name: "back", kind: "goTo", settings: { target: "loop" } },
  says(18, "end"),
]);

scenarios(
  "a definition in JSON",
  (open) => {
    it("has every verb that needs no code in its graph", async () => {
      const { host: newHost, clock } = await open();
      undone.length = 0;
      const host = await newHost(
        (h) => {
          for (const step of [note, fail, undo]) h.registerStep(step);
          for (const definition of [child, all]) h.registerWorkflowDefinition(definition);
        },
        { pollEndpoints: { allow: ["https://example.org"] } },
      );

      const id = await host.startWorkflow("all", 1, { key: "k 1", seen: [] });
      await clock.advance("5s");
      await host.publishEvent("paid", "k 1", 1);
      await clock.settle();
      const pending = await host.getPendingActivity("ask", "worker", { lease: "1m" });
      expect(pending?.input).toEqual({ of: "k 1" });
      await host.submitActivitySuccess(pending?.token ?? "", { by: "clerk" } as never);
      await clock.advance("5s");

      const { status, data, error } = await host.getWorkflow(id);
      expect([status, error?.message]).toEqual(["complete", "declined"]);
      expect((data as { readonly seen: JsonValue }).seen).toEqual([
        "ticked",
        "ticked",
        "ticked",
        "scheduled",
        "paid",
        "clerk",
        "k 1",
        "done",
        "reserved",
        "looped",
        "looped",
        "end",
      ]);
      expect(undone).toEqual(["refund: declined", "release: declined", "tell: declined"]);
    });
  },
  { prepare: (builder) => builder.useHttpClient(endpoint()) },
);
