import { expect, it } from "vitest";
import { ErrorBehavior, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { registers, scenarios } from "./scenario.ts";

interface Data {
  runs: number;
  seen: string[];
}

const add = (text: string, data: Data): void => void data.seen.push(text);
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const fresh = (): Data => ({ runs: 0, seen: [] });
const seldom = { sweepInterval: "1d" } as const;
const broken = (): never => {
  throw new Error("broken");
};

/** A recurrence of three runs, the second of which fails between its two steps. */
const failing = (behavior: ErrorBehavior | undefined, id: string): WorkflowDefinition<Data> =>
  w()
    .recur(
      "10s",
      (data) => data.runs >= 3,
      (b) => {
        const fails = b
          .thenFn("count", (ctx) => ctx.data.runs + 1)
          .saveAs("runs")
          .thenFn("fails", (ctx) => {
            if (ctx.data.runs === 2 && ctx.attempt === 1) broken();
            return `run ${ctx.data.runs}`;
          })
          .output(add);
        return (behavior === undefined ? fails.compensateWithFn("undo", () => {}) : fails.onError(behavior))
          .thenFn("last", (ctx) => `end of ${ctx.data.runs}`)
          .output(add);
      },
    )
    .build(id, 1);

scenarios("a failure in a recurrence", (open) => {
  it("with a compensator of its own goes on behind the step, in the same run", async () => {
    const { host: newHost, clock } = await open();
    const definition = failing(undefined, "w");
    const host = await newHost(registers(definition), seldom);

    const id = await host.startWorkflow(definition, fresh());
    await clock.advance("1m");

    expect(await host.getWorkflow(id)).toMatchObject({
      status: "complete",
      error: { message: "broken" },
      data: { seen: ["run 1", "end of 1", "end of 2", "run 3", "end of 3"] },
    });
  });

  it("that is to be compensated without a compensator ends that run, not the recurrence, however deep it stands", async () => {
    const { host: newHost, clock } = await open();
    const flat = failing(ErrorBehavior.compensate(), "flat");
    const deep = w()
      .recur(
        "10s",
        (data) => data.runs >= 3,
        (b) =>
          b
            .thenFn("count", (ctx) => ctx.data.runs + 1)
            .saveAs("runs")
            .parallel((p) =>
              p
                .branch((c) =>
                  c.ifDo(
                    (data) => data.runs === 2,
                    (d) =>
                      d
                        .thenFn("fails", broken)
                        .onError(ErrorBehavior.compensate())
                        .thenFn("behind", () => expect.fail("the run has ended")),
                  ),
                )
                .branch((c) =>
                  c.waitFor("never", "k", { timeout: "1s" }).onTimeout((d) => d.thenFn("waited", (ctx) => `waited in ${ctx.data.runs}`).output(add)),
                ),
            ),
      )
      .build("deep", 1);
    const host = await newHost(registers(flat, deep), seldom);

    const ids = [await host.startWorkflow(flat, fresh()), await host.startWorkflow(deep, fresh())] as const;
    await clock.advance("1m");

    expect(await host.getWorkflow(ids[0])).toMatchObject({
      status: "complete",
      error: { message: "broken" },
      data: { seen: ["run 1", "end of 1", "run 3", "end of 3"] },
    });
    expect(await host.getWorkflow(ids[1])).toMatchObject({ status: "complete", data: { seen: ["waited in 1", "waited in 3"] } });
  });

  it("is retried within its run, and the starts that this misses become one", async () => {
    const { host: newHost, clock } = await open();
    const start = clock.now();
    const starts: number[] = [];
    const definition = w()
      .recur(
        "10s",
        (data) => data.runs === 4,
        (b) =>
          b
            .thenFn("run", () => void starts.push((clock.now() - start) / 1_000))
            .thenFn("fails", (ctx) => {
              if (ctx.data.runs === 1 && ctx.attempt < 3) broken();
              return ctx.data.runs + 1;
            })
            .saveAs("runs")
            .onError(ErrorBehavior.retry({ interval: "12s" })),
      )
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);

    const id = await host.startWorkflow(definition, fresh());
    await clock.advance("2m");

    expect(starts).toEqual([0, 10, 34, 44]);
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });

  it("that suspends holds the recurrence until a resume, and the flow behind it too", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .recur(
        "10s",
        (data) => data.runs === 2,
        (b) =>
          b
            .thenFn("fails", (ctx) => {
              if (ctx.attempt === 1) broken();
              return ctx.data.runs + 1;
            })
            .saveAs("runs")
            .onError(ErrorBehavior.suspend()),
      )
      .delay("1s")
      .thenFn("behind", () => "behind")
      .output(add)
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);
    const id = await host.startWorkflow(definition, fresh());
    await clock.advance("1h");
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: fresh() });

    await host.resumeWorkflow(id);
    await clock.settle();
    // The missed starts became one, which has failed in its turn.
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { runs: 1, seen: ["behind"] } });
    await host.resumeWorkflow(id);
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { runs: 2, seen: ["behind"] } });
  });

  it("that terminates ends the instance with all that is open", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .recur(
        "10s",
        () => false,
        (b) => b.thenFn("fails", broken).onError(ErrorBehavior.terminate()),
      )
      .waitFor("never", "k")
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);

    const id = await host.startWorkflow(definition, fresh());
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "terminated", error: { message: "broken" } });
    expect((await host.getHistory(id)).map(({ stepName, status }) => [stepName, status])).toEqual([
      ["recur", "cancelled"],
      ["fails", "failed"],
      ["waitFor never", "cancelled"],
    ]);
  });

  it("of its condition is retried, with all its retries again after each run that follows", async () => {
    const { host: newHost, clock } = await open();
    const asked = { times: 0 };
    const definition = w()
      .recur(
        "10s",
        (data) => {
          asked.times += 1;
          if (data.runs > 0 && asked.times % 2 === 0) throw new Error("every other time");
          return data.runs === 4;
        },
        (b) => b.thenFn("run", (ctx) => ctx.data.runs + 1).saveAs("runs"),
      )
      .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 1 }))
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);

    const id = await host.startWorkflow(definition, fresh());
    await clock.advance("5m");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { runs: 4 } });
    expect((await host.getErrors(id)).length).toBeGreaterThan(2);
  });

  it("because of an interval that is no duration is not retried, and it goes on where it was after a resume", async () => {
    const { host: newHost, clock } = await open();
    let interval = -1;
    const definition = w()
      .recur(
        () => interval,
        (data) => data.runs === 2,
        (b) => b.thenFn("run", (ctx) => ctx.data.runs + 1).saveAs("runs"),
      )
      .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 5 }))
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);
    const id = await host.startWorkflow(definition, fresh());
    await clock.settle();
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { runs: 1 } });
    expect(await host.getErrors(id)).toMatchObject([{ step: "recur" }]);

    interval = 5_000;
    await clock.advance("3s");
    await host.resumeWorkflow(id);
    await clock.advance(1_999);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "runnable", data: { runs: 1 } });
    await clock.advance(1);

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { runs: 2 } });
  });

  it("of its own condition that is to be compensated ends the recurrence; the flow, which went on before, does not go on again", async () => {
    const { host: newHost, clock } = await open();
    const until = (data: Readonly<Data>): boolean => (data.seen.filter((text) => text === "run").length === 2 ? broken() : false);
    const definitions = [ErrorBehavior.compensate(), ErrorBehavior.retry({ interval: "1s", maxRetries: 0, onExhausted: "compensate" })].map(
      (behavior, n) =>
        w()
          .recur("10s", until, (b) => b.thenFn("run", () => "run").output(add))
          .onError(behavior)
          .thenFn("behind", () => "behind")
          .output(add)
          .build(`w${n}`, 1),
    );
    const host = await newHost(registers(...definitions), seldom);

    const ids = await Promise.all(definitions.map((definition) => host.startWorkflow(definition, fresh())));
    await clock.advance("1m");

    for (const id of ids) {
      const { status, data } = await host.getWorkflow(id);
      expect([status, (data as Data).seen.toSorted()]).toEqual(["complete", ["behind", "run", "run"]]);
    }
  });

  it("of its condition is retried at once, as often as it takes", async () => {
    const { host: newHost, clock } = await open();
    let asked = 0;
    const definition = w()
      .recur(
        "10s",
        () => {
          asked += 1;
          return asked > 1 && asked < 500 ? broken() : asked > 1;
        },
        (b) => b.thenFn("run", () => {}),
      )
      .onError(ErrorBehavior.retry({ interval: 0, maxRetries: "unlimited" }))
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);

    const id = await host.startWorkflow(definition, fresh());
    await clock.settle();

    expect((await host.getWorkflow(id)).status).toBe("complete");
    expect(await host.getErrors(id)).toHaveLength(498);
  });
});
