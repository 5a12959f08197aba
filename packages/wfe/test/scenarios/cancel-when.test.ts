import { expect, it } from "vitest";
import { ErrorBehavior, WorkflowBuilder } from "../../src/index.ts";
import { registers, scenarios } from "./scenario.ts";

interface Data {
  off: boolean;
  seen: string[];
}

const add = (text: string, data: Data): void => void data.seen.push(text);
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const off = (data: Readonly<Data>): boolean => data.off;
const fresh = (changes: Partial<Data> = {}): Data => ({ off: false, seen: [], ...changes });
const seldom = { sweepInterval: "1d" } as const;
const never = (): never => expect.fail("it was cancelled");

scenarios("cancelWhen", (open) => {
  it("that holds already cancels a step as it is created, the very first of a workflow too: its body never starts", async () => {
    const { host: newHost, clock, record } = await open();
    const first = w().thenFn("first", never).cancelWhen(off).thenFn("behind", never).build("first", 1);
    const proceeds = w()
      .thenFn("first", never)
      .cancelWhen(off, { proceed: true })
      .thenFn("second", never)
      .cancelWhen(off, { proceed: true })
      .delay("1h")
      .cancelWhen(off, { proceed: true })
      .thenFn("behind", () => "behind")
      .output(add)
      .build("proceeds", 1);
    const engine = w()
      .parallel((p) => p.branch((b) => b.thenFn("inside", never)))
      .cancelWhen(off)
      .thenFn("behind", never)
      .build("engine", 1);
    const host = await newHost(registers(first, proceeds, engine), seldom);
    const events = record(host);

    const ids = await Promise.all([first, proceeds, engine].map((definition) => host.startWorkflow(definition, fresh({ off: true }))));
    await clock.settle();

    const histories = await Promise.all(ids.map((id) => host.getHistory(id)));
    expect(histories.map((rows) => rows.map(({ stepName, status, attempt }) => [stepName, status, attempt]))).toEqual([
      [["first", "cancelled", 0]],
      [
        ["first", "cancelled", 0],
        ["second", "cancelled", 0],
        ["delay", "cancelled", 0],
        ["behind", "complete", 1],
      ],
      [["parallel", "cancelled", 0]],
    ]);
    expect(await Promise.all(ids.map(async (id) => (await host.getWorkflow(id)).status))).toEqual(["complete", "complete", "complete"]);
    expect(events.flatMap((event) => ("step" in event ? [event.step] : []))).toEqual(["behind", "behind"]);
  });

  it("does not cancel the step whose own result makes it hold, but the one behind it", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .thenFn("sets", () => true)
      .saveAs("off")
      .cancelWhen(off)
      .thenFn("cancelled", never)
      .cancelWhen(off, { proceed: true })
      .thenFn("end", () => "end")
      .output(add)
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);

    const id = await host.startWorkflow(definition, fresh());
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["end"] } });
    expect((await host.getHistory(id)).map(({ stepName, status }) => [stepName, status])).toEqual([
      ["sets", "complete"],
      ["cancelled", "cancelled"],
      ["end", "complete"],
    ]);
  });

  it("ends whatever a step is doing: a running body is aborted and not awaited, sleeps, waits, retries and containers end", async () => {
    const { host: newHost, clock } = await open();
    const reasons: unknown[] = [];
    const definition = w()
      .parallel((p) =>
        p
          .branch((b) =>
            b
              .delay("1s")
              .thenFn("turn off", () => true)
              .saveAs("off"),
          )
          .branch((b) =>
            b
              .thenFn(
                "runs",
                (ctx) =>
                  new Promise<string>((resolve) => {
                    ctx.signal.addEventListener("abort", () => reasons.push(ctx.signal.reason));
                    clock.setTimer(5_000, () => resolve("late"));
                  }),
              )
              .output(add)
              .cancelWhen(off)
              .thenFn("behind runs", never),
          )
          .branch((b) => b.delay("1h").cancelWhen(off).thenFn("behind sleeps", never))
          .branch((b) => b.waitFor("never", "k").cancelWhen(off).thenFn("behind waits", never))
          .branch((b) =>
            b
              .waitForAny({ a: { event: "a", key: "k" }, b: { event: "b", key: "k" } })
              .cancelWhen(off)
              .thenFn("behind any", never),
          )
          .branch((b) =>
            b
              .thenFn("retries", () => {
                throw new Error("again");
              })
              .onError(ErrorBehavior.retry({ interval: "10s" }))
              .cancelWhen(off)
              .thenFn("behind retries", never),
          )
          .branch((b) =>
            b
              .forEach(
                () => [1, 2],
                (c) =>
                  c.saga((d) =>
                    d.ifDo(
                      () => true,
                      (e) => e.delay("1h"),
                    ),
                  ),
              )
              .cancelWhen(off)
              .thenFn("behind contains", never),
          ),
      )
      .thenFn("joined", () => "joined")
      .output(add)
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);
    const id = await host.startWorkflow(definition, fresh());

    await clock.advance("1s");
    const instance = await host.getWorkflow(id);
    await clock.advance("1h");

    expect(instance).toMatchObject({ status: "complete", data: { seen: ["joined"] } });
    expect((await host.getWorkflow(id)).data).toEqual({ off: true, seen: ["joined"] });
    expect(reasons).toMatchObject([{ reason: "cancelled" }]);
    const history = await host.getHistory(id);
    expect(history.filter(({ status }) => status !== "cancelled").map(({ stepName, status }) => [stepName, status])).toEqual([
      ["parallel", "complete"],
      ["delay", "complete"],
      ["turn off", "complete"],
      ["joined", "complete"],
    ]);
    expect(history.filter(({ status }) => status === "cancelled")).toHaveLength(12);
  });

  it("with proceed goes on behind each of them, with the data of that moment", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .parallel((p) =>
        p
          .branch((b) =>
            b
              .delay("1s")
              .thenFn("turn off", () => true)
              .saveAs("off"),
          )
          .branch((b) =>
            b
              .thenFn("runs", () => new Promise(() => {}))
              .cancelWhen(off, { proceed: true })
              .thenFn("behind runs", () => "runs")
              .output(add),
          )
          .branch((b) =>
            b
              .waitFor("never", "k", { timeout: "1h" })
              .cancelWhen(off, { proceed: true })
              .onTimeout((c) => c.thenFn("timed out", never))
              .thenFn("behind waits", () => "waits")
              .output(add),
          )
          .branch((b) =>
            b
              .whileDo(
                () => true,
                (c) => c.delay("1h"),
              )
              .cancelWhen(off, { proceed: true })
              .thenFn("behind contains", () => "contains")
              .output(add),
          ),
      )
      .thenFn("joined", () => "joined")
      .output(add)
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);

    const id = await host.startWorkflow(definition, fresh());
    await clock.advance("1s");

    const { status, data } = await host.getWorkflow(id);
    expect(status).toBe("complete");
    expect((data as Data).seen.toSorted()).toEqual(["contains", "joined", "runs", "waits"]);
    expect((data as Data).seen.at(-1)).toBe("joined");
  });

  it("cancels a failed step when a sibling's result makes it hold, and resume goes on with the rest", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .parallel((p) =>
        p
          .branch((b) => b.thenFn("turn off", () => new Promise<boolean>((resolve) => void clock.setTimer(2_000, () => resolve(true)))).saveAs("off"))
          .branch((b) =>
            b
              .thenFn("fails", () => {
                throw new Error("for good");
              })
              .onError(ErrorBehavior.suspend())
              .cancelWhen(off, { proceed: true })
              .thenFn("behind", () => "behind")
              .output(add),
          ),
      )
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);
    const id = await host.startWorkflow(definition, fresh());
    await clock.advance("2s");
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { seen: [] } });
    expect((await host.getHistory(id)).map(({ stepName, status }) => [stepName, status])).toEqual([
      ["parallel", "running"],
      ["turn off", "complete"],
      ["fails", "cancelled"],
      ["behind", "pending"],
    ]);

    await host.resumeWorkflow(id);
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["behind"] } });
  });
});
