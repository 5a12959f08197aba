import { expect, it } from "vitest";
import { type BranchBuilder, type Chain, defineStep, ErrorBehavior, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  n: number;
}

/** A selector of whatever type its verb asks for. */
type Select = () => never;
type Build = (select: Select) => WorkflowDefinition<Data>;

const inside = (b: BranchBuilder<Data>): Chain => b.thenFn("inside", () => {});
const thrice = ErrorBehavior.retry({ interval: "1s", maxRetries: 2 });
const w = () => new WorkflowBuilder<Data>();
const echo = defineStep("echo", (input: unknown) => void input);
const noBoolean = [undefined, null, 0, "true", [], {}];
const noList = [undefined, null, "abc", 5, new Set([1]), { length: 1 }];
const noDuration = [undefined, null, -1, Number.NaN, Number.POSITIVE_INFINITY, "soon", "-5s", new Date(0)];
const noKey = [undefined, null, 7, ["k"], { id: "k" }];
const noDate = [null, 5, "soon", new Date(Number.NaN)];
const notStorable = [new Date(0), [undefined], 5n, () => 1];

const VERBS: readonly (readonly [string, Build, readonly unknown[]])[] = [
  ["ifDo", (select) => w().ifDo(select, inside).onError(thrice).build("w", 1), noBoolean],
  ["whileDo", (select) => w().whileDo(select, inside).onError(thrice).build("w", 1), noBoolean],
  [
    "when",
    (select) =>
      w()
        .thenFn("a", () => {})
        .when(select)
        .onError(thrice)
        .build("w", 1),
    noBoolean,
  ],
  ["recur until", (select) => w().recur("1s", select, inside).onError(thrice).build("w", 1), noBoolean],
  [
    "recur interval",
    (select) =>
      w()
        .recur(select, () => false, inside)
        .onError(thrice)
        .build("w", 1),
    [...noDuration, 0],
  ],
  ["forEach", (select) => w().forEach(select, inside).onError(thrice).build("w", 1), noList],
  ["forEach one by one", (select) => w().forEach(select, inside, { parallel: false }).onError(thrice).build("w", 1), noList],
  ["delay", (select) => w().delay(select).onError(thrice).build("w", 1), noDuration],
  ["schedule", (select) => w().schedule(select, inside).onError(thrice).build("w", 1), noDuration],
  ["waitFor timeout", (select) => w().waitFor("go", "k", { timeout: select }).onError(thrice).build("w", 1), noDuration],
  ["waitFor key", (select) => w().waitFor("go", select).onError(thrice).build("w", 1), noKey],
  ["waitFor effectiveDate", (select) => w().waitFor("go", "k", { effectiveDate: select }).onError(thrice).build("w", 1), noDate],
  [
    "waitForAny timeout",
    (select) =>
      w()
        .waitForAny({ a: { event: "go", key: "k" } }, { timeout: select })
        .onError(thrice)
        .build("w", 1),
    noDuration,
  ],
  [
    "waitForAny key",
    (select) =>
      w()
        .waitForAny({ a: { event: "go", key: "k" }, b: { event: "go", key: select } })
        .onError(thrice)
        .build("w", 1),
    noKey,
  ],
  [
    "waitForAny effectiveDate",
    (select) =>
      w()
        .waitForAny({ a: { event: "go", key: "k" } }, { effectiveDate: select })
        .onError(thrice)
        .build("w", 1),
    noDate,
  ],
  [
    "activity timeout",
    (select) =>
      w()
        .activity("work", () => 1, { timeout: select })
        .onError(thrice)
        .build("w", 1),
    noDuration,
  ],
  ["activity input", (select) => w().activity("work", select).onError(thrice).build("w", 1), notStorable],
  ["subWorkflow input", (select) => w().subWorkflow("child", select).onError(thrice).build("w", 1), notStorable],
  ["pollEndpoint", (select) => w().pollEndpoint(select).onError(thrice).build("w", 1), [undefined, null, "https://example.org", {}]],
  [
    "decide",
    (select) =>
      w()
        .decide(select, (d) => d.case(1 as never, inside))
        .onError(thrice)
        .build("w", 1),
    [undefined, 2, ...notStorable],
  ],
  ["then input", (select) => w().then(echo, select).onError(thrice).build("w", 1), []],
];
const child = w()
  .thenFn("a", () => {})
  .build("child", 1);

scenarios("a bad selector", (open) => {
  it.each(VERBS)("of %s that gives another type fails its step for good, and opens nothing", async (_, build, wrong) => {
    const { host: newHost, clock } = await open();
    let value: unknown;
    const definition = build(() => value as never);
    const host = await newHost((h) => [definition, child].forEach((one) => h.registerWorkflowDefinition(one)));

    for (value of wrong) {
      const id = await host.startWorkflow(definition, { n: 0 });
      await clock.advance("10s");

      const instance = await host.getWorkflow(id);
      expect([instance.status, instance.error?.code]).toEqual(["suspended", expect.stringMatching(/^WFE_(STEP_FAILED|VALUE_NOT_STORABLE)$/)]);
      expect((await host.getErrors(id)).map(({ attempt, message }) => [attempt, message])).toEqual([[1, instance.error?.message]]);
      expect((await host.getHistory(id)).filter(({ status }) => status !== "failed" && status !== "complete")).toEqual([]);
    }

    expect(await host.countWorkflows()).toBe(wrong.length);
    expect(await host.getPendingActivity("work", "w", { lease: "1s" })).toBeUndefined();
  });

  it.each(VERBS)("of %s that throws is a failed attempt, tried again as its step says", async (_, build) => {
    const { host: newHost, clock } = await open();
    const definition = build(() => {
      throw new Error("the selector throws");
    });
    const host = await newHost((h) => [definition, child].forEach((one) => h.registerWorkflowDefinition(one)));

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("10s");

    expect((await host.getErrors(id)).map(({ message }) => message)).toEqual(Array.from({ length: 3 }, () => "the selector throws"));
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { code: "WFE_STEP_FAILED", message: "the selector throws" } });
    expect(await host.countWorkflows()).toBe(1);
  });
});
