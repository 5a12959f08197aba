import { expect, it } from "vitest";
import { defineActivity, ErrorBehavior, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { build, note, start, told, type Trace } from "./migrated-workflows.ts";
import { registers, scenarios } from "./scenario.ts";

scenarios("an instance that is migrated", (open) => {
  it("goes on from its wait in a version that has steps before and behind it, with the event it waits for", async () => {
    const { host: newHost, clock } = await open();
    const v1 = build()
      .thenFn("first", () => "first of v1")
      .output(note)
      .waitFor(told, "k")
      .output(note)
      .build("w", 1);
    const v2 = build()
      .thenFn("zeroth", () => "zeroth")
      .output(note)
      .thenFn("first", () => "first of v2")
      .output(note)
      .waitFor(told, "k")
      .output((text, data) => void data.seen.push(`v2 got ${text}`))
      .thenFn("behind", () => "behind")
      .output(note)
      .build("w", 2);
    const host = await newHost(registers(v1, v2));
    const id = await host.startWorkflow(v1, start(), { name: "mine" });
    await clock.settle();

    const plan = await host.migrateWorkflow("mine", 2);
    await host.publishEvent(told, "k", "hello");
    await clock.settle();

    const { id: definitionId } = v1;
    expect(plan).toEqual({
      workflowId: id,
      from: { id: definitionId, version: 1, fingerprint: v1.fingerprint },
      to: { id: definitionId, version: 2, fingerprint: v2.fingerprint },
      migrated: true,
      pointers: [
        { pointerId: "2", status: "waitingForEvent", from: { stepId: 1, stepName: "waitFor told" }, to: { stepId: 2, stepName: "waitFor told" } },
      ],
    });
    expect(await host.getWorkflow(id)).toMatchObject({
      version: 2,
      status: "complete",
      data: { seen: ["first of v1", "v2 got hello", "behind"] },
    });
    expect((await host.getHistory(id)).map(({ stepId, stepName }) => [stepId, stepName])).toEqual([
      [1, "first"],
      [2, "waitFor told"],
      [3, "behind"],
    ]);
  });

  it.each(["parallel", "sequential"] as const)("goes on inside a %s forEach, each iteration with its item", async (kind) => {
    const { host: newHost, clock } = await open();
    const version = (n: number): WorkflowDefinition<Trace> => {
      const before =
        n === 1
          ? build().thenFn("before", () => undefined)
          : build()
              .thenFn("zeroth", () => undefined)
              .thenFn("before", () => undefined);
      return before
        .forEach(
          () => ["a", "b"],
          (b) =>
            (n === 1
              ? b
              : b.ifDo(
                  () => false,
                  (c) => c.thenFn("never", () => undefined),
                )
            )
              .waitFor(told, (_, ctx) => String(ctx.item))
              .output((text, data, ctx) => void data.seen.push(`v${n} ${String(ctx.item)} ${text}`)),
          { parallel: kind === "parallel" },
        )
        .thenFn("behind", () => `behind v${n}`)
        .output(note)
        .build("w", n);
    };
    const host = await newHost(registers(version(1), version(2)));
    const id = await host.startWorkflow("w", 1, start());
    await clock.settle();
    if (kind === "sequential") await host.publishEvent(told, "a", "one");
    await clock.settle();

    await host.migrateWorkflow(id, 2);
    await host.publishEvent(told, "b", "two");
    if (kind === "parallel") await host.publishEvent(told, "a", "one");
    await clock.settle();

    const one = `v${kind === "sequential" ? 1 : 2} a one`;
    const { status, data } = await host.getWorkflow(id);
    expect([status, [...(data as Trace).seen].sort()]).toEqual(["complete", ["behind v2", one, "v2 b two"]]);
  });

  it("goes on inside of containers of every kind, and behind them", async () => {
    const { host: newHost, clock } = await open();
    const version = (n: number): WorkflowDefinition<Trace> => {
      const wait = (key: string) => (b: Parameters<Parameters<WorkflowBuilder<Trace>["saga"]>[0]>[0]) =>
        (n === 1 ? b : b.thenFn(`new before ${key}`, () => undefined)).waitFor(told, key).name(`wait ${key}`).output(note);
      return (n === 1 ? build() : build().thenFn("new", () => undefined))
        .parallel((p) =>
          p
            .branch((b) =>
              b.ifDo(
                () => true,
                wait("if"),
                (c) => c.thenFn("no", () => undefined),
              ),
            )
            .branch((b) => b.whileDo((data) => !data.seen.includes("while"), wait("while")))
            .branch((b) =>
              b.decide(
                (): string => "x",
                (d) => d.case("y", wait("decide")).otherwise(wait("otherwise")),
              ),
            )
            .branch((b) => b.saga(wait("saga")))
            .branch((b) => b.schedule("1ms", wait("schedule")))
            .branch((b) => b.recur("1h", (data) => data.seen.includes("recur"), wait("recur")))
            .branch((b) =>
              b
                .thenFn("gives", (_) => "x")
                .output(() => {})
                .thenFn("after", () => undefined),
            ),
        )
        .thenFn("behind", () => `behind v${n}`)
        .output(note)
        .build("w", n);
    };
    const host = await newHost(registers(version(1), version(2)));
    const id = await host.startWorkflow("w", 1, start());
    await clock.advance("1s");

    await host.migrateWorkflow(id, 2);
    const keys = ["if", "while", "otherwise", "saga", "schedule", "recur"];
    for (const key of keys) await host.publishEvent(told, key, key);
    await clock.advance("1s");

    const { status, data } = await host.getWorkflow(id);
    expect([status, new Set((data as Trace).seen)]).toEqual(["complete", new Set([...keys, "behind v2"])]);
  });

  it("wakes at the time it slept to, and its retries and forks come at theirs", async () => {
    const { host: newHost, clock } = await open();
    const version = (n: number): WorkflowDefinition<Trace> =>
      (n === 1 ? build() : build().thenFn("new", () => undefined))
        .recur(
          "1m",
          (data) => data.seen.includes("end"),
          (b) => b.thenFn("beat", () => `beat v${n}`).output(note),
        )
        .schedule("90s", (b) => b.thenFn("scheduled", () => `scheduled v${n}`).output(note))
        .parallel((p) =>
          p
            .branch((b) =>
              b
                .delay(n === 1 ? "2m" : "5s")
                .thenFn("late", () => "end")
                .output(note),
            )
            .branch((b) =>
              b
                .thenFn("flaky", () => {
                  if (n === 1) throw new Error("declined");
                  return "mended";
                })
                .onError(ErrorBehavior.retry({ interval: "100s" }))
                .output(note),
            ),
        )
        .build("w", n);
    const host = await newHost(registers(version(1), version(2)));
    const id = await host.startWorkflow("w", 1, start());
    await clock.advance("30s");

    await host.migrateWorkflow(id, 2);
    await clock.advance("10m");

    expect(await host.getWorkflow(id)).toMatchObject({
      status: "complete",
      data: { seen: ["beat v1", "beat v2", "scheduled v2", "mended", "beat v2", "end"] },
    });
  });

  it("runs a failed step again that the new version has mended, when it is resumed", async () => {
    const { host: newHost, clock } = await open();
    const version = (n: number): WorkflowDefinition<Trace> => {
      const first = (n === 1 ? build() : build().thenFn("new", () => undefined)).thenFn("before", () => "before").output(note);
      return first
        .thenFn("pays", () => {
          if (n === 1) throw new Error("bug");
          return "paid";
        })
        .onError(ErrorBehavior.suspend())
        .output(note)
        .build("w", n);
    };
    const host = await newHost(registers(version(1), version(2)));
    const id = await host.startWorkflow("w", 1, start());
    await clock.settle();
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { message: "bug" } });

    await host.migrateWorkflow(id, 2);
    await clock.advance("1m");
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", version: 2, error: { message: "bug" }, data: { seen: ["before"] } });
    expect(await host.resumeWorkflow(id)).toBe(true);
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["before", "paid"] } });
    expect((await host.getHistory(id)).map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  it("gets what the child gives that its old version has started", async () => {
    const { host: newHost, clock } = await open();
    const child = build().waitFor(told, "child").output(note).build("child", 1);
    const version = (n: number): WorkflowDefinition<Trace> =>
      (n === 1 ? build() : build().thenFn("new", () => undefined))
        .subWorkflow(child, start)
        .output((result, data) => void data.seen.push(`v${n} has ${result.seen.join()}`))
        .build("w", n);
    const host = await newHost(registers(child, version(1), version(2)));
    const id = await host.startWorkflow("w", 1, start());
    await clock.settle();

    await host.migrateWorkflow(id, 2);
    await host.publishEvent(told, "child", "hello");
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["v2 has hello"] } });
    expect(await host.countWorkflows({ definitionId: "child" })).toBe(1);
  });

  it("is finished by the worker that has claimed its activity before", async () => {
    const { host: newHost, clock } = await open();
    const resize = defineActivity<string, string>("resize");
    const version = (n: number): WorkflowDefinition<Trace> =>
      (n === 1 ? build() : build().thenFn("new", () => undefined))
        .activity(resize, () => "u")
        .output((result, data) => void data.seen.push(`v${n} has ${result}`))
        .build("w", n);
    const host = await newHost(registers(version(1), version(2)));
    const ids = [await host.startWorkflow("w", 1, start()), await host.startWorkflow("w", 1, start())];
    await clock.settle();
    const claimed = await host.getPendingActivity(resize, "worker", { lease: "1m" });

    for (const id of ids) await host.migrateWorkflow(id, 2);
    const later = await host.getPendingActivity(resize, "worker", { lease: "1m" });
    for (const pending of [claimed, later]) await host.submitActivitySuccess(pending?.token ?? "", "7");
    await clock.settle();

    for (const id of ids) expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["v2 has 7"] } });
  });

  it("has the data that the mapping makes of its own, once, however often it is asked for", async () => {
    const { host: newHost, clock } = await open();
    const v1 = build().waitFor(told, "k").output(note).build("w", 1);
    const v2 = new WorkflowBuilder<{ log: string; count: number }>()
      .waitFor(told, "k")
      .output((text, data) => {
        data.log += text;
        data.count += 1;
      })
      .build("w", 2);
    const host = await newHost(registers(v1, v2));
    const id = await host.startWorkflow(v1, { seen: ["old"] });
    await clock.settle();
    const data = (old: Trace): { log: string; count: number } => ({ log: old.seen.join(), count: old.seen.length });

    const dry = await host.migrateWorkflow(id, v2, { data, dryRun: true });
    expect(await host.getWorkflow(id)).toMatchObject({ version: 1, data: { seen: ["old"] } });
    const plans = await Promise.all([1, 2, 3].map(() => host.migrateWorkflow(id, v2, { data })));
    const again = await host.migrateWorkflow(id, 2, { data: () => ({ log: "", count: 0 }) });
    await host.publishEvent(told, "k", "!");
    await clock.settle();

    expect([dry.migrated, dry.data]).toEqual([false, { log: "old", count: 1 }]);
    expect(plans.filter(({ migrated }) => migrated)).toEqual([{ ...dry, migrated: true }]);
    expect(again).toMatchObject({ migrated: false, pointers: [] });
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { log: "old!", count: 2 } });
  });
});
