import { inspect } from "node:util";
import { expect, it } from "vitest";
import { WfeError, type WorkflowClient, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

const one = new WorkflowBuilder<{ n: number }>()
  .thenFn("one", () => 1)
  .saveAs("n")
  .build("one", 1);

/** A client as JavaScript sees it: any verb with anything. */
type Untyped = Readonly<Record<keyof WorkflowClient, (...args: readonly unknown[]) => Promise<unknown>>>;
type Call = (client: Untyped) => Promise<unknown>;

const nothings = [undefined, null, 5, {}, []];
const each = (what: string, values: readonly unknown[], call: (client: Untyped, value: unknown) => Promise<unknown>): readonly [string, Call][] =>
  values.map((value) => [`${what}: ${inspect(value)}`, (client) => call(client, value)]);

const CALLS: readonly (readonly [string, Call])[] = [
  ...each("startWorkflow of no definition", [...nothings, { id: "one", version: 1 }], (c, v) => c.startWorkflow(v, { n: 0 })),
  ...each("startWorkflow by id without a version", [...nothings, "1"], (c, v) => c.startWorkflow("one", v, { n: 0 })),
  ...each("startWorkflow of a version that is not known", [0, 1.5, -1, Number.NaN, 2], (c, v) => c.startWorkflow("one", v, { n: 0 })),
  ...each("startWorkflow with options that are none", [5, "my id", true], (c, v) => c.startWorkflow(one, { n: 0 }, v)),
  ...each("startWorkflow by id with options that are none", [5, "my id"], (c, v) => c.startWorkflow("one", 1, { n: 0 }, v)),
  ...each("startWorkflow with no data", [undefined, () => 1, 5n, new Date(0)], (c, v) => c.startWorkflow(one, v)),
  ...each("runWorkflow of no definition", nothings, (c, v) => c.runWorkflow(v, { n: 0 })),
  ...each("runWorkflow with options that are none", [5, "my id"], (c, v) => c.runWorkflow(one, { n: 0 }, v)),
  ...each("runWorkflow with a signal that is none", [5, {}, null], (c, v) => c.runWorkflow(one, { n: 0 }, { signal: v })),
  ...each("waitForWorkflow of no id", nothings, (c, v) => c.waitForWorkflow(v)),
  ...(
    ["getWorkflow", "suspendWorkflow", "resumeWorkflow", "terminateWorkflow", "retryWorkflow", "getErrors", "getHistory", "getEvent"] as const
  ).flatMap((verb) => [
    ...each(`${verb} of no id`, nothings, (c, v) => c[verb](v)),
    ...each(`${verb} of what is not there`, ["x", ""], (c, v) => c[verb](v)),
  ]),
  ...each("migrateWorkflow of no id", nothings, (c, v) => c.migrateWorkflow(v, 1)),
  ...each("migrateWorkflow of what is not there", ["x", ""], (c, v) => c.migrateWorkflow(v, 1)),
  ...each("migrateWorkflow to no version", [undefined, null, "1", {}, []], (c, v) => c.migrateWorkflow("x", v)),
  ...each("migrateWorkflow with options that are none", [5, "dry", { dryrun: true }], (c, v) => c.migrateWorkflow("x", 1, v)),
  ...each("publishEvent of no event", [...nothings, "", { name: 5 }, { name: "e", schema: 5 }], (c, v) => c.publishEvent(v, "k", 1)),
  ...each("publishEvent without a key", nothings, (c, v) => c.publishEvent("e", v, 1)),
  ...each("publishEvent of what is no JSON", [() => 1, 5n, new Date(0)], (c, v) => c.publishEvent("e", "k", v)),
  ...each("publishEvent with options that are none", [5, "my id"], (c, v) => c.publishEvent("e", "k", 1, v)),
  ...(["listWorkflows", "countWorkflows"] as const).flatMap((verb) => [
    ...each(`${verb} with a filter that is none`, [5, "x", true], (c, v) => c[verb](v)),
    ...each(`${verb} by a status that is none`, ["running", 5, ["complete", "done"], null], (c, v) => c[verb]({ status: v })),
    ...each(`${verb} by an instant that is none`, ["2030-01-01", 5, new Date(Number.NaN)], (c, v) => c[verb]({ createdAfter: v })),
    ...each(`${verb} by a text that is none`, [5, {}, null], (c, v) => c[verb]({ name: v })),
    ...each(`${verb} by a version that is none`, ["1"], (c, v) => c[verb]({ version: v })),
    ...each(`${verb} by a hasError that is none`, ["yes"], (c, v) => c[verb]({ hasError: v })),
    ...each(`${verb} by data that are none`, [5, null, [], { n: {} }, { n: undefined }], (c, v) => c[verb]({ data: v })),
    ...each(`${verb} by a field that is none`, ["stauts", "__proto__x", "toString"], (c, v) => c[verb]({ [v as string]: "complete" })),
  ]),
  ...each("listWorkflows with a page that is none", [5, "x", { limit: 0 }, { limit: "5" }, { cursor: 5 }], (c, v) => c.listWorkflows({}, v)),
  ...each("purgeWorkflows of nothing", [...nothings, { status: "runnable", olderThan: 0 }, { status: ["complete"], olderThan: 0 }], (c, v) =>
    c.purgeWorkflows(v),
  ),
  ...each("purgeWorkflows of no age", [undefined, null, {}, -1, "old"], (c, v) => c.purgeWorkflows({ status: "complete", olderThan: v })),
  ...each("getPendingActivity of no name", [...nothings, "", " ", { name: "" }, { name: 5 }], (c, v) =>
    c.getPendingActivity(v, "w", { lease: "1s" }),
  ),
  ...each("getPendingActivity of no worker", nothings, (c, v) => c.getPendingActivity("a", v, { lease: "1s" })),
  ...each("getPendingActivity without a lease", [...nothings, { lease: 0 }, { lease: "0s" }, { lease: -1 }, { lease: "soon" }], (c, v) =>
    c.getPendingActivity("a", "w", v),
  ),
  ...each("getPendingActivity with a wait that is none", [-1, "soon", {}], (c, v) => c.getPendingActivity("a", "w", { lease: "1s", wait: v })),
  ...each("submitActivitySuccess of no token", [...nothings, "", "forged"], (c, v) => c.submitActivitySuccess(v, 1)),
  ...each("submitActivityFailure of no token", [...nothings, "", "forged"], (c, v) => c.submitActivityFailure(v, new Error("x"))),
  ...each("submitActivityFailure of no failure", nothings, (c, v) => c.submitActivityFailure("forged", v)),
  ...each("extendActivity of no token", [...nothings, "", "forged"], (c, v) => c.extendActivity(v, "1s")),
  ...each("extendActivity without a lease", [...nothings, 0, -1, "soon"], (c, v) => c.extendActivity("W10=", v)),
  ...each("releaseActivity of no token", [...nothings, "", "forged"], (c, v) => c.releaseActivity(v)),
];

/** What a caller cannot make anything of: an error of the language, from inside. */
const FROM_INSIDE = /Cannot |is not a function|is not iterable|undefined \(/;

scenarios("wrong arguments, as they come from JavaScript", (open) => {
  it.each(["host", "client"] as const)(
    "are refused by every verb of a %s: by a rejection that says what is wrong, with nothing stored",
    async (kind) => {
      const scenario = await open();
      const host = await scenario.host((h) => h.registerWorkflowDefinition(one));
      const client = kind === "host" ? host : await scenario.client();
      const wrong: string[] = [];

      for (const [what, call] of CALLS) {
        try {
          const promise = call(client as unknown as Untyped); // a verb that throws here instead of rejecting is one that is wrong
          const error: unknown = await promise.then(
            (value) => new Error(`accepted: ${String(value)}`),
            (reason: unknown) => reason,
          );
          const isTyped = error instanceof TypeError || error instanceof RangeError || error instanceof WfeError;
          if (!isTyped || FROM_INSIDE.test(error.message)) wrong.push(`${what} => ${String(error)}`);
        } catch (error) {
          wrong.push(`${what} => thrown: ${String(error)}`);
        }
      }
      await scenario.clock.settle();

      expect(wrong).toEqual([]);
      expect(await host.countWorkflows()).toBe(0);
    },
  );

  it("may be left out or null where they are options", async () => {
    const { host: newHost } = await open();
    const host = (await newHost((h) => h.registerWorkflowDefinition(one))) as unknown as Untyped;

    for (const options of [undefined, null, {}]) {
      await host.startWorkflow(one, { n: 0 }, options);
      await host.publishEvent("e", "k", 1, options);
      await host.listWorkflows(options, options);
    }

    expect(await host.countWorkflows(null)).toBe(3);
    expect(await host.countWorkflows({ status: undefined, definitionId: "one", data: { n: 0 } })).toBeGreaterThanOrEqual(0);
  });

  it("are refused by a stop: it stops nothing then", async () => {
    const { host: newHost } = await open();
    const host = await newHost((h) => h.registerWorkflowDefinition(one));

    for (const timeout of ["soon", -1, {}]) await expect(host.stop({ timeout: timeout as number })).rejects.toThrow(RangeError);

    expect(await host.runWorkflow(one, { n: 0 })).toEqual({ n: 1 });
  });

  it("are refused by events: options that are none or not known, a signal that is none, types that are not known, a blank id", async () => {
    const { host: newHost } = await open();
    const host = await newHost();
    const refused = (options: object, why: unknown): void => expect(() => host.events(options as never)).toThrow(why as Error);

    for (const signal of [null, 5, {}, "x"]) expect(() => host.events({ signal: signal as never })).toThrow("signal must be an AbortSignal");
    expect(() => host.events("x" as never)).toThrow("the options of events must be an object");
    refused({ type: "error" }, new TypeError('the options of events have the unknown "type": they know workflowId, types, signal'));
    refused({ types: "error" }, new TypeError('types must be an array of types of lifecycle events: got "error"'));
    refused({ types: [] }, RangeError);
    refused({ types: ["error", "finished"] }, /^types must be of started, resumed, .*, stepCompensated: got "finished"$/);
    refused({ types: [5] }, RangeError);
    refused({ workflowId: 5 }, new TypeError("workflowId must be a string: got 5"));
    refused({ workflowId: " " }, RangeError);
  });

  it("are refused where steps and workflows are registered", async () => {
    const { build } = await open();
    const host = build();
    const wrong = (value: unknown): never => value as never;

    for (const value of [undefined, null, 5, "x", {}, { stepType: "", run: () => 1 }])
      expect(() => host.registerStep(wrong(value))).toThrow(TypeError);
    for (const value of [undefined, null, 5, "", {}]) expect(() => host.registerStepFactory(wrong(value), () => wrong({}))).toThrow(TypeError);
    for (const value of [undefined, null, 5, {}]) expect(() => host.registerStepFactory("x", wrong(value))).toThrow("a step factory is a function");
    for (const value of [undefined, null, 5, {}]) expect(() => host.registerWorkflow("w", 1, wrong(value))).toThrow("must return its chain");
    for (const value of [undefined, null, 5, {}, "x"])
      expect(() => host.registerWorkflowDefinition(wrong(value))).toThrow(expect.objectContaining({ code: "WFE_DEFINITION_INVALID" }));
  });
});
