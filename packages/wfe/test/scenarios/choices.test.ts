import { expect, it } from "vitest";
import { ErrorBehavior, ExecutionResult, type JsonValue, type StepBody, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  kind: JsonValue;
  seen: string[];
}

const add = (text: string, data: Data): void => void data.seen.push(text);
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();

scenarios("an outcome", (open) => {
  it("leads into the block of a deeply equal value, which joins, or past all of them", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .thenFn("route", (ctx) => ExecutionResult.outcome(ctx.data.kind))
      .onOutcome("a", (b) => b.thenFn("text", () => "text").output(add))
      .onOutcome(1, (b) => b.thenFn("number", () => "number").output(add))
      .onOutcome(null, (b) => b.thenFn("null", () => "null").output(add))
      .onOutcome(false, (b) => b.thenFn("false", () => "false").output(add))
      .onOutcome({ x: [1, { y: 2, z: 3 }] }, (b) =>
        b
          .thenFn("object", () => "object")
          .output(add)
          .thenFn("more", () => "more")
          .output(add),
      )
      .onOutcome([], (b) => b.thenFn("list", () => "list").output(add))
      .thenFn("after", () => "after")
      .output(add)
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const kinds: readonly (readonly [JsonValue, readonly string[]])[] = [
      ["a", ["text"]],
      [1, ["number"]],
      [null, ["null"]],
      [false, ["false"]],
      [{ x: [1, { z: 3, y: 2 }] }, ["object", "more"]],
      [[], ["list"]],
      ["A", []],
      ["1", []],
      [0, []],
      [{}, []],
      [{ x: [1, { y: 2, z: 3 }], more: null }, []],
      [[null], []],
    ];

    const all = Promise.all(kinds.map(([kind]) => host.runWorkflow(definition, { kind, seen: [] })));
    await clock.settle();

    expect((await all).map(({ kind, seen }) => [kind, seen])).toEqual(kinds.map(([kind, seen]) => [kind, [...seen, "after"]]));
  });

  it("is stored with the pointer, after the mappings, whose data the block sees", async () => {
    const { host: newHost, clock } = await open();
    class Route implements StepBody<Data> {
      run = (): ExecutionResult<{ readonly to: "here" | "there" }> => ExecutionResult.outcome({ to: "here" });
    }
    const definition = w()
      .then(Route)
      .output((_, data) => add("mapped", data))
      .onOutcome({ to: "there" }, (b) => b.thenFn("there", () => "there").output(add))
      .onOutcome({ to: "here" }, (b) => b.thenFn("here", (ctx) => `here after ${ctx.data.seen.join()}`).output(add))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { kind: null, seen: [] });
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["mapped", "here after mapped"] } });
    expect((await host.getHistory(id))[0]).toMatchObject({ stepName: "Route", status: "complete", outcome: { to: "here" } });
  });

  it("holds the flow until its block has ended, waits and failures included, with the item of the iteration", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .forEach(
        () => ["a", "b"],
        (b) =>
          b
            .thenFn("route", (ctx) => ExecutionResult.outcome(ctx.item))
            .onOutcome("a", (c) =>
              c
                .delay("1s")
                .thenFn("in a", (ctx) => {
                  if (ctx.attempt === 1) throw new Error("once");
                  return `in ${ctx.item}, ${ctx.index}`;
                })
                .output(add)
                .onError(ErrorBehavior.retry({ interval: "1s" })),
            )
            .thenFn("behind", (ctx) => `behind ${ctx.item}`)
            .output(add),
      )
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const done = host.runWorkflow(definition, { kind: null, seen: [] });
    await clock.advance("2s");

    expect((await done).seen).toEqual(["behind b", "in a, 0", "behind a"]);
  });
});

scenarios("decide", (open) => {
  it("runs the first case that equals the value, else otherwise, and joins", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .decide(
        (data) => data.kind,
        (d) =>
          d
            .case("a", (b) =>
              b
                .thenFn("a", () => "a")
                .output(add)
                .thenFn("a 2", () => "a 2")
                .output(add),
            )
            .case({ x: [1, 2] }, (b) => b.thenFn("object", () => "object").output(add))
            .case(null, (b) => b.thenFn("null", () => "null").output(add))
            .otherwise((b) => b.thenFn("otherwise", () => "otherwise").output(add)),
      )
      .thenFn("after", () => "after")
      .output(add)
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const kinds: readonly (readonly [JsonValue, readonly string[]])[] = [
      ["a", ["a", "a 2"]],
      [{ x: [1, 2] }, ["object"]],
      [null, ["null"]],
      [{ x: [2, 1] }, ["otherwise"]],
      ["b", ["otherwise"]],
      [0, ["otherwise"]],
    ];

    const all = Promise.all(kinds.map(([kind]) => host.runWorkflow(definition, { kind, seen: [] })));
    await clock.settle();

    expect((await all).map(({ kind, seen }) => [kind, seen])).toEqual(kinds.map(([kind, seen]) => [kind, [...seen, "after"]]));
  });

  it("compares as JSON does, which has one zero and no property that is undefined", async () => {
    const { host: newHost, clock } = await open();
    const selected: readonly JsonValue[] = [-0, { a: 1, b: undefined }, { b: -0, a: 1 }];
    const definition = new WorkflowBuilder<{ list: number[]; seen: string[] }>()
      .forEach(
        (data) => data.list,
        (b) =>
          b.decide(
            (_data, ctx) => selected[ctx.item] ?? null,
            (d) =>
              d
                .case(0, (c) => c.thenFn("zero", () => "zero").output((text, data) => void data.seen.push(text)))
                .case({ a: 1 }, (c) => c.thenFn("one", () => "one").output((text, data) => void data.seen.push(text)))
                .case({ a: 1, b: 0 }, (c) => c.thenFn("two", () => "two").output((text, data) => void data.seen.push(text)))
                .otherwise((c) => c.thenFn("none", () => "none").output((text, data) => void data.seen.push(text))),
          ),
        { parallel: false },
      )
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const done = host.runWorkflow(definition, { list: [0, 1, 2], seen: [] });
    await clock.settle();

    expect((await done).seen).toEqual(["zero", "one", "two"]);
  });

  it("fails without a retry when no case equals the value, and is asked again by resume", async () => {
    const { host: newHost, clock } = await open();
    let kind = "c";
    const definition = w()
      .decide(
        () => kind,
        (d) => d.case("a", (b) => b.thenFn("a", () => "a").output(add)).case("b", (b) => b.thenFn("b", () => "b").output(add)),
      )
      .onError(ErrorBehavior.retry({ interval: 0, maxRetries: 2 }))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, { kind: null, seen: [] });
    await clock.settle();
    const message = 'the step "decide" has no case for "c" and no otherwise';
    expect(await host.getErrors(id)).toMatchObject([{ step: "decide", attempt: 1, code: "WFE_STEP_FAILED", message }]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { message } });

    kind = "b";
    await host.resumeWorkflow(id);
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["b"] } });
  });
});
