import { expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/index.ts";
import { registers, scenarios } from "./scenario.ts";

interface Data {
  runs: number;
  stop: boolean;
}

const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const fresh = (): Data => ({ runs: 0, stop: false });
/** Sweeps that move no time of a test. */
const seldom = { sweepInterval: "1d" } as const;

scenarios("a recurrence", (open) => {
  it("runs at once, then start to start, beside what follows, until its condition holds", async () => {
    const { host: newHost, clock } = await open();
    const start = clock.now();
    const log: (readonly [string, number])[] = [];
    const says = (what: string) => (): void => void log.push([what, (clock.now() - start) / 1_000]);
    const definition = w()
      .recur(
        "10s",
        (data) => data.runs === 3,
        (b) =>
          b
            .thenFn("run", says("run"))
            .delay("4s")
            .thenFn("count", (ctx) => ctx.data.runs + 1)
            .saveAs("runs"),
      )
      .thenFn("behind", says("behind"))
      .delay("1s")
      .thenFn("end of the chain", says("end"))
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);
    const id = await host.startWorkflow(definition, fresh());

    await clock.advance(23_999);
    expect((await host.getWorkflow(id)).status).toBe("runnable");
    await clock.advance(1);

    expect(log.toSorted(([, a], [, b]) => a - b)).toEqual([
      ["run", 0],
      ["behind", 0],
      ["end", 1],
      ["run", 10],
      ["run", 20],
    ]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { runs: 3 } });
  });

  it("never overlaps itself: starts that a long run has missed become one, at once, from which the grid goes on", async () => {
    const { host: newHost, clock } = await open();
    const start = clock.now();
    const starts: number[] = [];
    const lasts = [25, 1, 1, 1];
    const definition = w()
      .recur(
        "10s",
        (data) => data.runs === 4,
        (b) =>
          b
            .thenFn("run", () => void starts.push((clock.now() - start) / 1_000))
            .delay((data) => (lasts[data.runs] ?? 0) * 1_000)
            .thenFn("count", (ctx) => ctx.data.runs + 1)
            .saveAs("runs"),
      )
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);

    await host.startWorkflow(definition, fresh());
    await clock.advance("2m");

    expect(starts).toEqual([0, 25, 35, 45]);
  });

  it("makes up for starts that nobody was there for with one run, from which the grid goes on", async () => {
    const { host: newHost, clock } = await open();
    const start = clock.now();
    const starts: number[] = [];
    const definition = w()
      .recur(
        "10s",
        (data) => data.runs === 5,
        (b) =>
          b
            .thenFn("run", (ctx) => {
              starts.push((clock.now() - start) / 1_000);
              return ctx.data.runs + 1;
            })
            .saveAs("runs"),
      )
      .build("w", 1);
    const first = await newHost(registers(definition), seldom);
    await first.startWorkflow(definition, fresh());
    await clock.advance("12s");
    await first.stop();
    await clock.advance("43s");

    await newHost(registers(definition), seldom);
    await clock.advance("1m");

    expect(starts).toEqual([0, 10, 55, 65, 75]);
  });

  it("that starts late, but before the next start was due, keeps its grid", async () => {
    const { host: newHost, clock } = await open();
    const start = clock.now();
    const starts: number[] = [];
    const definition = w()
      .recur(
        "10s",
        (data) => data.runs === 4,
        (b) =>
          b
            .thenFn("run", (ctx) => {
              starts.push((clock.now() - start) / 1_000);
              return ctx.data.runs + 1;
            })
            .saveAs("runs"),
      )
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);
    const id = await host.startWorkflow(definition, fresh());
    await clock.advance("5s");
    expect(await host.suspendWorkflow(id)).toBe(true);
    await clock.advance("9s");

    await host.resumeWorkflow(id);
    await clock.advance("1m");

    expect(starts).toEqual([0, 14, 20, 30]);
  });

  it("asks its condition and its interval with the data of that moment, and does not begin when it holds already", async () => {
    const { host: newHost, clock } = await open();
    const start = clock.now();
    const starts: number[] = [];
    const growing = w()
      .recur(
        (data) => data.runs * 1_000,
        (data) => data.runs === 4,
        (b) =>
          b
            .thenFn("run", (ctx) => {
              starts.push((clock.now() - start) / 1_000);
              return ctx.data.runs + 1;
            })
            .saveAs("runs"),
      )
      .build("growing", 1);
    const never = w()
      .recur(
        "1s",
        () => true,
        (b) => b.thenFn("never", () => expect.fail("the condition holds")),
      )
      .thenFn("behind", () => 7)
      .saveAs("runs")
      .build("never", 1);
    const host = await newHost(registers(growing, never), seldom);

    const ids = [await host.startWorkflow(growing, fresh()), await host.startWorkflow(never, fresh())] as const;
    await clock.advance("1m");

    expect(starts).toEqual([0, 1, 3, 6]);
    expect(await host.getWorkflow(ids[0])).toMatchObject({ status: "complete", data: { runs: 4 } });
    expect(await host.getWorkflow(ids[1])).toMatchObject({ status: "complete", data: { runs: 7 } });
    expect((await host.getHistory(ids[1])).map(({ stepName, status }) => [stepName, status])).toEqual([
      ["recur", "complete"],
      ["behind", "complete"],
    ]);
  });

  it("ends at once when a change from elsewhere makes its condition hold: the running block is called off", async () => {
    const { host: newHost, clock, record } = await open();
    const reasons: unknown[] = [];
    const definition = w()
      .recur(
        "10s",
        (data) => data.stop,
        (b) =>
          b
            .thenFn(
              "long",
              (ctx) =>
                new Promise<number>((resolve) => {
                  ctx.signal.addEventListener("abort", () => reasons.push(ctx.signal.reason));
                  clock.setTimer(60_000, () => resolve(99));
                }),
            )
            .saveAs("runs"),
      )
      .delay("3s")
      .thenFn("stop", () => true)
      .saveAs("stop")
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);
    const events = record(host);
    const id = await host.startWorkflow(definition, fresh());

    await clock.advance("3s");
    const instance = await host.getWorkflow(id);
    await clock.advance("2m");

    expect(instance).toMatchObject({ status: "complete", data: { runs: 0 } });
    expect(reasons).toMatchObject([{ reason: "cancelled" }]);
    expect((await host.getHistory(id)).map(({ stepName, status }) => [stepName, status])).toEqual([
      ["recur", "complete"],
      ["long", "cancelled"],
      ["delay", "complete"],
      ["stop", "complete"],
    ]);
    expect(await host.getErrors(id)).toEqual([]);
    expect(events.filter((event) => "step" in event && event.step === "recur")).toEqual([]); // containers tell of nothing
  });

  it("looks at a change by its own block, nested ones included, when that run ends", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .recur(
        "10s",
        (data) => data.stop,
        (b) =>
          b
            .ifDo(
              () => true,
              (c) =>
                c
                  .thenFn("stop", () => true)
                  .saveAs("stop")
                  .delay("2s"),
            )
            .thenFn("still", (ctx) => ctx.data.runs + 1)
            .saveAs("runs"),
      )
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);

    const id = await host.startWorkflow(definition, fresh());
    await clock.advance("2s");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { runs: 1, stop: true } });
  });

  it("whose condition fails at a change from elsewhere is asked again before its next run", async () => {
    const { host: newHost, clock } = await open();
    let fails = false;
    const definition = w()
      .recur(
        "10s",
        (data) => {
          if (fails) throw new Error("not now");
          return data.stop;
        },
        (b) => b.thenFn("run", () => {}),
      )
      .delay("3s")
      .thenFn("stop", () => {
        fails = true;
        return true;
      })
      .saveAs("stop")
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);
    const id = await host.startWorkflow(definition, fresh());

    await clock.advance("3s");
    expect((await host.getWorkflow(id)).status).toBe("runnable");
    expect(await host.getErrors(id)).toEqual([]);
    fails = false;
    await clock.advance("7s");

    expect((await host.getWorkflow(id)).status).toBe("complete");
  });
});
