import { expect, it } from "vitest";
import { ErrorBehavior, WorkflowBuilder } from "../../src/index.ts";
import { registers, scenarios } from "./scenario.ts";

interface Data {
  n: number;
  seen: string[];
}

const add = (text: string, data: Data): void => void data.seen.push(text);
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const seldom = { sweepInterval: "1d" } as const;

scenarios("a fork that a termination has cancelled", (open) => {
  it("waits for its own time again when the instance is retried, and runs at once if that has passed", async () => {
    const { host: newHost, clock } = await open();
    const start = clock.now();
    const says = (what: string) => (): string => `${what} ${(clock.now() - start) / 60_000}`;
    const definition = w()
      .schedule("1h", (b) => b.thenFn("late", says("late")).output(add))
      .schedule("5m", (b) => b.thenFn("passed", says("passed")).output(add))
      .recur(
        "30m",
        (data) => data.n === 3,
        (b) =>
          b.thenFn("run", says("run")).output((text, data) => {
            add(text, data);
            data.n += 1;
          }),
      )
      .delay("1m")
      .thenFn("fails", (ctx) => {
        if (ctx.attempt === 1) throw new Error("once");
      })
      .onError(ErrorBehavior.terminate())
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);
    const id = await host.startWorkflow(definition, { n: 0, seen: [] });
    await clock.advance("10m");
    expect(await host.getWorkflow(id)).toMatchObject({ status: "terminated", data: { seen: ["run 0"] } });

    expect(await host.retryWorkflow(id)).toBe(true);
    await clock.advance("2h");

    expect(await host.getWorkflow(id)).toMatchObject({
      status: "complete",
      data: { n: 3, seen: ["run 0", "passed 10", "run 30", "late 60", "run 60"] },
    });
  });
});
