import { expect, it } from "vitest";
import { type BranchBuilder, type Chain, type Duration, ErrorBehavior, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  n: number;
  list: number[];
}

const inside = (b: BranchBuilder<Data>): Chain => b.thenFn("inside", () => {});
const thrice = ErrorBehavior.retry({ interval: "1s", maxRetries: 2 });

scenarios("conditions and selectors", (open) => {
  it.each<[string, unknown, string]>([
    ["undefined", undefined, "undefined"],
    ["null", null, "null"],
    ["a number", 1, "1"],
    ["a string", "true", '"true"'],
    ["an array", [], "an array"],
    ["an object", {}, "an object"],
  ])("that give %s in place of true or false fail their step without a retry, and are taken for neither", async (_, value, shown) => {
    const { host: newHost, clock } = await open();
    const definitions = [
      new WorkflowBuilder<Data>()
        .ifDo(() => value as boolean, inside)
        .onError(thrice)
        .build("ifDo", 1),
      new WorkflowBuilder<Data>()
        .whileDo(() => value as boolean, inside)
        .onError(thrice)
        .build("whileDo", 1),
      new WorkflowBuilder<Data>()
        .thenFn("skips", () => {})
        .when(() => value as boolean)
        .onError(thrice)
        .build("skips", 1),
    ];
    const host = await newHost((h) => definitions.forEach((definition) => h.registerWorkflowDefinition(definition)));

    for (const definition of definitions) {
      const id = await host.startWorkflow(definition, { n: 0, list: [] });
      await clock.advance("10s");

      expect((await host.getErrors(id)).map(({ step, code, message }) => [step, code, message])).toEqual([
        [
          definition.id,
          "WFE_STEP_FAILED",
          `the ${definition.id === "skips" ? "when" : "condition"} of the step "${definition.id}" gave ${shown} in place of true or false`,
        ],
      ]);
      expect((await host.getHistory(id)).map(({ stepName, status }) => [stepName, status])).toEqual([[definition.id, "failed"]]);
    }
  });

  it.each<[string, unknown, string]>([
    ["undefined", undefined, "undefined"],
    ["a string", "abc", '"abc"'],
    ["a Set", new Set([1]), "an object"],
    ["an object with a length", { length: 2 }, "an object"],
  ])("that give %s in place of a list fail their step, without a retry", async (_, value, shown) => {
    const { host: newHost, clock } = await open();
    const definitions = [true, false].map((parallel) =>
      new WorkflowBuilder<Data>()
        .forEach(() => value as number[], inside, { parallel })
        .onError(thrice)
        .build(parallel ? "parallel" : "sequential", 1),
    );
    const host = await newHost((h) => definitions.forEach((definition) => h.registerWorkflowDefinition(definition)));

    for (const definition of definitions) {
      const id = await host.startWorkflow(definition, { n: 0, list: [] });
      await clock.advance("10s");

      expect(await host.getErrors(id)).toMatchObject([
        { step: "forEach", code: "WFE_STEP_FAILED", message: `the items of the step "forEach" gave ${shown} in place of an array` },
      ]);
      expect(await host.getHistory(id)).toHaveLength(1);
    }
  });

  it.each<[string, unknown]>([
    ["a negative number", -1],
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["text that is no duration", "soon"],
    ["a negative text", "-5s"],
    ["undefined", undefined],
    ["a Date", new Date(0)],
  ])("that give %s in place of a duration fail their step, without a retry", async (_, value) => {
    const { host: newHost, clock } = await open();
    const definitions = [
      new WorkflowBuilder<Data>()
        .delay(() => value as Duration)
        .onError(thrice)
        .build("delay", 1),
      new WorkflowBuilder<Data>()
        .waitFor("go", "k", { timeout: () => value as Duration })
        .onError(thrice)
        .build("wait", 1),
    ];
    const host = await newHost((h) => definitions.forEach((definition) => h.registerWorkflowDefinition(definition)));

    for (const definition of definitions) {
      const id = await host.startWorkflow(definition, { n: 0, list: [] });
      await clock.advance("10s");

      expect(await host.getErrors(id)).toMatchObject([{ attempt: 1, message: expect.stringContaining("must be milliseconds") as string }]);
      expect(await host.getErrors(id)).toHaveLength(1);
      expect((await host.getWorkflow(id)).status).toBe("suspended");
    }
  });

  it.each<[string, unknown]>([
    ["undefined", undefined],
    ["a number", 7],
    ["an object", { id: "k" }],
  ])("that give %s in place of a key fail their step without a retry, and nothing is waited for", async (_, value) => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Data>()
      .waitFor("go", () => value as string)
      .onError(thrice)
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { n: 0, list: [] });
    await clock.advance("10s");

    expect(await host.getErrors(id)).toMatchObject([{ message: expect.stringMatching(/^the key of .* in place of a string$/) as string }]);
    expect(await host.getHistory(id)).toMatchObject([{ status: "failed" }]);
  });

  it("that give an invalid Date fail their step", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Data>()
      .waitFor("go", "k", { effectiveDate: () => new Date(Number.NaN) })
      .onError(ErrorBehavior.suspend())
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { n: 0, list: [] });
    await clock.settle();

    expect(await host.getErrors(id)).toMatchObject([{ message: expect.stringContaining("an invalid Date in place of a valid Date") as string }]);
  });

  it("are asked again by each retry, and by resume, against the data of that moment", async () => {
    const { host: newHost, clock } = await open();
    const pause = (ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));
    const seen: number[] = [];
    const definition = new WorkflowBuilder<Data>()
      .parallel((p) =>
        p
          .branch((b) =>
            b
              .ifDo((data) => {
                seen.push(data.n);
                if (data.n < 2) throw new Error("not yet");
                return true;
              }, inside)
              .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 1 })),
          )
          .branch((b) =>
            b
              .thenFn("slow", async () => {
                await pause(500);
                return 1;
              })
              .saveAs("n")
              .thenFn("slower", async () => {
                await pause(1_000);
                return 2;
              })
              .saveAs("n"),
          ),
      )
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, { n: 0, list: [] });
    await clock.advance("10s");
    expect((await host.getWorkflow(id)).status).toBe("suspended");

    await host.resumeWorkflow(id);
    await clock.settle();

    expect(seen).toEqual([0, 1, 2]);
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });
});
