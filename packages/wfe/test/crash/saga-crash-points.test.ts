import { describe, expect, it } from "vitest";
import { ErrorBehavior, WorkflowBuilder, type WorkflowRecord } from "../../src/index.ts";
import { type ProviderSet, providerSets } from "../provider-sets.ts";
import { CrashPoint } from "./crashing-providers.ts";
import { finishedAfter } from "./lost-hosts.ts";

interface Trip {
  log: string[];
}

const fails = (): never => {
  throw new Error("no");
};

class Undo {
  static readonly stepType = "Undo";
  what = "";
  run = (): void => undefined;
}

/** Each compensator writes a line when its result is committed, so that the data say in which order that was, and how often. */
const definition = new WorkflowBuilder<Trip>()
  .saga((outer) =>
    outer
      .thenFn("a", () => "a")
      .output((t, d) => void d.log.push(t))
      .compensateWith(Undo, (c) => c.input((step) => void (step.what = "undo a")).output((step, d) => void d.log.push(step.what)))
      .saga((inner) =>
        inner
          .thenFn("b", () => "b")
          .output((t, d) => void d.log.push(t))
          .compensateWith(Undo, (c) => c.output((_, d) => void d.log.push("undo b"))),
      )
      .compensateWith(Undo, (c) => c.output((_, d) => void d.log.push("undo inner")))
      .forEach(
        () => [1, 2],
        (each) =>
          each
            .thenFn("c", (ctx) => ctx.item)
            .output((n, d) => void d.log.push(`c ${n}`))
            .compensateWithSequence((s) =>
              s
                .thenFn("undo c", (ctx) => ctx.compensates?.item)
                .output((n, d) => void d.log.push(`undo c ${JSON.stringify(n)}`))
                .delay("10ms"),
            ),
        { parallel: false },
      )
      .thenFn("d", fails)
      .compensateWith(Undo, (c) => c.output((_, d) => void d.log.push("undo d"))),
  )
  .onError(ErrorBehavior.retry({ interval: "20ms", maxRetries: 1 }))
  .compensateWith(Undo, (c) => c.output((_, d) => void d.log.push("undo outer")))
  .thenFn("pay", fails)
  .compensateWith(Undo, (c) => c.output((_, d) => void d.log.push("undo pay")))
  .thenFn("end", () => "end")
  .output((t, d) => void d.log.push(t))
  .build("saga-crash-points", 1);

const once = ["a", "b", "c 1", "c 2", "undo d", "undo c 2", "undo c 1", "undo inner", "undo a", "undo outer"];
const expected = [...once, ...once, "undo pay", "end"];

function faultsOf(record: WorkflowRecord): readonly string[] {
  const { log } = JSON.parse(record.data) as Trip;
  return JSON.stringify(log) === JSON.stringify(expected) ? [] : [JSON.stringify(log)];
}

const finishAfter = (set: ProviderSet, points: readonly CrashPoint[]): ReturnType<typeof finishedAfter> =>
  finishedAfter(set, { definition, data: { log: [] }, faultsOf }, points);

for (const set of providerSets) {
  describe(`a host that is lost while it compensates, at any call to its ports, on ${set.name}`, () => {
    it("costs nothing: another host goes on in the same order, and each compensator is committed once", { timeout: 300_000 }, async () => {
      const { calls, faults: undisturbed } = await finishAfter(set, []);
      const faults = [...undisturbed];

      for (let at = 1; at <= calls; at += 1) {
        for (const when of ["before", "after"] as const) faults.push(...(await finishAfter(set, [new CrashPoint(at, when)])).faults);
      }

      expect(faults).toEqual([]);
      expect(calls).toBeGreaterThan(60);
    });
  });
}
