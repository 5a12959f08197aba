import { expect, it } from "vitest";
import { defineEvent, ErrorBehavior, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { onEachStore } from "./setting.ts";

const paid = defineEvent<number>("paid");

interface Trace {
  trace: string[];
}

/** Faults 31 to 35 of the engine's ancestor, in which a workflow said that it had done what it had not. */
onEachStore("a result is what the builder said", (open) => {
  it("runs a failed step again after resume, with fresh retries, and completes only then (fault 31)", async () => {
    const { clock, start } = await open();
    const attempts: number[] = [];
    let broken = true;
    const definition = new WorkflowBuilder<Trace>()
      .thenFn("flaky", (ctx) => {
        attempts.push(ctx.attempt);
        if (broken) throw new Error("declined");
      })
      .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 1 }))
      .thenFn("after", () => "after")
      .output((text, data) => void data.trace.push(text))
      .build("w", 1);
    const host = await start((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, { trace: [] });
    await clock.advance("5s");
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { message: "declined" }, data: { trace: [] } });
    expect(attempts).toEqual([1, 2]);

    expect(await host.resumeWorkflow(id)).toBe(true);
    await clock.advance("5s"); // fails twice again
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { trace: [] } });
    expect(attempts).toEqual([1, 2, 3, 4]);
    broken = false;
    await host.resumeWorkflow(id);
    await clock.settle();

    const done = await host.getWorkflow(id);
    expect(done).toMatchObject({ status: "complete", data: { trace: ["after"] } });
    expect(done).not.toHaveProperty("error");
    expect((await host.getHistory(id)).map(({ stepName, status }) => `${stepName} ${status}`)).toEqual(["flaky complete", "after complete"]);
    expect((await host.getErrors(id)).map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
  });

  it("runs every construct it takes, with conditions, lists and durations out of the data (fault 32)", async () => {
    const { clock, start } = await open();
    const add = (text: string, data: Trace): void => void data.trace.push(text);
    const definition = new WorkflowBuilder<Trace & { n: number; wait: number; kind: "a" | "b"; key: string }>()
      .ifDo(
        (data) => data.n > 0,
        (b) => b.thenFn("then", () => "then").output(add),
        (b) => b.thenFn("otherwise", () => "otherwise").output(add),
      )
      .ifDo(
        (data) => data.n > 100,
        (b) => b.thenFn("then 2", () => "then 2").output(add),
        (b) => b.thenFn("otherwise 2", () => "otherwise 2").output(add),
      )
      .whileDo(
        (data) => data.n < 3,
        (b) => b.thenFn("count", (ctx) => ctx.data.n + 1).saveAs("n"),
      )
      .forEach(
        (data) => [data.n, data.n + 1],
        (b) => b.thenFn("each", (ctx) => `each ${ctx.item} at ${ctx.index}`).output(add),
        { parallel: false },
      )
      .parallel((p) =>
        p
          .branch((b) => b.thenFn("left", () => "left").output(add))
          .branch((b) =>
            b
              .delay("1s")
              .thenFn("right", () => "right")
              .output(add),
          ),
      )
      .delay((data) => data.wait)
      .decide(
        (data) => data.kind,
        (d) => d.case("a", (b) => b.thenFn("case a", () => "case a").output(add)).case("b", (b) => b.thenFn("case b", () => "case b").output(add)),
      )
      .waitFor(paid, (data) => data.key)
      .output((amount, data) => void data.trace.push(`paid ${amount}`))
      .thenFn("skipped", () => "skipped")
      .when((data) => data.n === 0)
      .output(add)
      .ifDo(
        (data) => data.n === 3,
        (b) =>
          b
            .thenFn("end", () => "end")
            .output(add)
            .endWorkflow(),
      )
      .thenFn("never", () => "never")
      .output(add)
      .build("all", 1);
    const host = await start((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { trace: [], n: 1, wait: 60_000, kind: "b", key: "k" });
    await clock.advance("1s");
    expect((await host.getWorkflow(id)).dueAt).toEqual(new Date(clock.now() + 60_000));
    await clock.advance("1m");
    await host.publishEvent(paid, "k", 7);
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({
      status: "complete",
      data: { n: 3, trace: ["then", "otherwise 2", "each 3 at 0", "each 4 at 1", "left", "right", "case b", "paid 7", "end"] },
    });
  });

  it("undoes what a saga has done, in reverse, and does not say that all went well (fault 33)", async () => {
    const { clock, start } = await open();
    const ran: string[] = [];
    const step = (name: string) => (): void => void ran.push(name);
    const definition = new WorkflowBuilder<Trace>()
      .saga((b) =>
        b
          .thenFn("reserve", step("reserve"))
          .compensateWithFn("release", step("release"))
          .thenFn("charge", step("charge"))
          .compensateWithFn("refund", step("refund"))
          .thenFn("ship", () => {
            throw new Error("no truck");
          }),
      )
      .build("trip", 1);
    const host = await start((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { trace: [] });
    await clock.settle();

    expect(ran).toEqual(["reserve", "charge", "refund", "release"]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no truck" } });
    const statuses = (await host.getHistory(id)).map(({ stepName, status }) => `${stepName} ${status}`);
    expect(statuses.slice(0, 4)).toEqual(["saga compensated", "reserve compensated", "charge compensated", "ship compensated"]);
  });

  it("runs each step of a chain inside a branch once, in order, at any depth (fault 34)", async () => {
    const { clock, start } = await open();
    const ran: string[] = [];
    const step = (name: string) => (): void => void ran.push(name);
    const definition = new WorkflowBuilder<Trace>()
      .ifDo(
        () => true,
        (b) =>
          b
            .thenFn("1", step("1"))
            .thenFn("2", step("2"))
            .forEach(
              () => ["x"],
              (inner) =>
                inner
                  .thenFn("3", step("3"))
                  .ifDo(
                    () => true,
                    (deep) => deep.thenFn("4", step("4")).thenFn("5", step("5")),
                  )
                  .thenFn("6", step("6")),
            )
            .thenFn("7", step("7")),
      )
      .thenFn("8", step("8"))
      .build("nested", 1);
    const host = await start((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { trace: [] });
    await clock.settle();

    expect(ran).toEqual(["1", "2", "3", "4", "5", "6", "7", "8"]);
    expect((await host.getHistory(id)).map(({ stepName }) => stepName)).toEqual(["ifDo", "1", "2", "forEach", "3", "ifDo", "4", "5", "6", "7", "8"]);
  });

  it("keeps the functions of two definitions, and of two versions, apart (fault 35)", async () => {
    const { clock, start } = await open();
    const named = (id: string, version: number): WorkflowDefinition<Trace> =>
      new WorkflowBuilder<Trace>()
        .thenFn("say", () => `${id} ${version}`)
        .output((text, data) => void data.trace.push(text))
        .build(id, version);
    const definitions = [named("a", 1), named("a", 2), named("b", 1)];
    const host = await start((h) => {
      for (const definition of definitions) h.registerWorkflowDefinition(definition);
    });

    const ids = await Promise.all(definitions.map((definition) => host.startWorkflow(definition, { trace: [] })));
    const byName = await host.startWorkflow("a", 1, { trace: [] });
    await clock.settle();

    const said = await Promise.all([...ids, byName].map(async (id) => (await host.getWorkflow(id)).data));
    expect(said).toEqual([{ trace: ["a 1"] }, { trace: ["a 2"] }, { trace: ["b 1"] }, { trace: ["a 1"] }]);
  });
});
