import { expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/index.ts";
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
  it("ends a fork with what is inside it, before its time and while it runs; the flow behind it went on before", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .schedule("1h", (b) => b.thenFn("never", never))
      .cancelWhen(off, { proceed: true })
      .recur(
        "10s",
        () => false,
        (b) => b.thenFn("runs", () => new Promise(() => {})),
      )
      .cancelWhen(off, { proceed: true })
      .delay("1s")
      .thenFn("turn off", () => true)
      .saveAs("off")
      .thenFn("end", () => "end")
      .output(add)
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);

    const id = await host.startWorkflow(definition, fresh());
    await clock.advance("1s");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["end"] } });
    expect((await host.getHistory(id)).map(({ stepName, status }) => [stepName, status])).toEqual([
      ["schedule", "cancelled"],
      ["recur", "cancelled"],
      ["runs", "cancelled"],
      ["delay", "complete"],
      ["turn off", "complete"],
      ["end", "complete"],
    ]);
  });

  it("is seen by the host that takes over, which runs nothing that was cancelled", async () => {
    const { host: newHost, clock } = await open();
    const starts: string[] = [];
    const definition = w()
      .parallel((p) =>
        p
          .branch((b) =>
            b
              .waitFor<boolean>("off", "k")
              .saveAs("off")
              .thenFn("hangs", (ctx) => (ctx.attempt === 1 ? new Promise(() => {}) : void starts.push("hangs again"))),
          )
          .branch((b) =>
            b
              .thenFn("runs", () => {
                starts.push("runs");
                return new Promise(() => {});
              })
              .cancelWhen(off, { proceed: true })
              .thenFn("behind", () => "behind")
              .output(add),
          ),
      )
      .build("w", 1);
    const first = await newHost(registers(definition), seldom);
    const id = await first.startWorkflow(definition, fresh());
    await clock.settle();
    await first.publishEvent("off", "k", true);
    await clock.settle();
    await first.stop({ timeout: 0 });

    const second = await newHost(registers(definition), { sweepInterval: "1s" });
    await clock.advance("2m");

    expect(await second.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["behind"] } });
    expect(starts).toEqual(["runs", "hangs again"]);
  });
});
