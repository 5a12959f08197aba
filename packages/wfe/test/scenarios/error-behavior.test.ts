import { expect, it } from "vitest";
import { type Block, type Clock, ErrorBehavior, type StepBuilder, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Count {
  n: number;
}

const { retry } = ErrorBehavior;

/** A body that always fails, and notes when it ran, in milliseconds from the making of it. */
function failing(clock: Clock): { readonly at: number[]; readonly run: () => void } {
  const began = clock.now();
  const at: number[] = [];
  const run = (): void => {
    at.push(clock.now() - began);
    throw new Error("declined");
  };
  return { at, run };
}

scenarios("the error behavior of a step", (open) => {
  type Container = (block: Block<Count, unknown>) => StepBuilder<Count, undefined, Count>;
  const containers: readonly (readonly [string, Container])[] = [
    ["an ifDo", (block) => new WorkflowBuilder<Count>().ifDo(() => true, block)],
    [
      "the otherwise of an ifDo",
      (block) =>
        new WorkflowBuilder<Count>().ifDo(
          () => false,
          (b) => b.thenFn("then", () => {}),
          block,
        ),
    ],
    ["a whileDo", (block) => new WorkflowBuilder<Count>().whileDo((data) => data.n === 0, block)],
    ["a parallel forEach", (block) => new WorkflowBuilder<Count>().forEach(() => [1], block)],
    ["a sequential forEach", (block) => new WorkflowBuilder<Count>().forEach(() => [1], block, { parallel: false })],
    ["a parallel", (block) => new WorkflowBuilder<Count>().parallel((p) => p.branch(block))],
    [
      "decide",
      (block) =>
        new WorkflowBuilder<Count>().decide(
          (data) => data.n,
          (d) => d.case(0, block),
        ),
    ],
  ];

  it.each(containers)("is that of %s around it when it has none", async (_, container) => {
    const { host: newHost, clock } = await open();
    const flaky = failing(clock);
    const definition = container((b) => b.thenFn("before", () => {}).thenFn("flaky", flaky.run))
      .onError(retry({ interval: 7, maxRetries: 2 }))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("1s");

    expect(flaky.at).toEqual([0, 7, 14]);
    expect((await host.getWorkflow(id)).status).toBe("suspended");
  });

  it("is its own before that of the nearest container that has one, before those further out, before the definition's", async () => {
    const { host: newHost, clock } = await open();
    const [own, near, far, none] = [failing(clock), failing(clock), failing(clock), failing(clock)] as const;
    const every = (interval: number): ErrorBehavior => retry({ interval, maxRetries: "unlimited" });
    const inner: Block<Count, unknown> = (b) =>
      b
        .forEach(
          () => [1],
          (c) => c.parallel((p) => p.branch((d) => d.thenFn("near", near.run)).branch((d) => d.thenFn("own", own.run).onError(every(300)))),
        )
        .onError(every(400));
    const outer: Block<Count, unknown> = (b) =>
      b
        .ifDo(
          () => true,
          (c) => c.parallel((p) => p.branch(inner).branch((d) => d.thenFn("far", far.run))),
        )
        .onError(every(500));
    const definition = new WorkflowBuilder<Count>()
      .defaultErrorBehavior(every(600))
      .parallel((p) => p.branch(outer).branch((b) => b.thenFn("none", none.run)))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    await host.startWorkflow(definition, { n: 0 });
    await clock.advance(1_200);

    expect([own, near, far, none].map(({ at }) => at)).toEqual([
      [0, 300, 600, 900, 1_200],
      [0, 400, 800, 1_200],
      [0, 500, 1_000],
      [0, 600, 1_200],
    ]);
  });

  it("of a definition is that of every step in no container that has one, and may be any", async () => {
    const { host: newHost, clock } = await open();
    const flaky = failing(clock);
    const ends = [ErrorBehavior.suspend(), ErrorBehavior.terminate(), retry({ interval: "1s", maxRetries: 2, onExhausted: "terminate" })].map(
      (behavior, index) =>
        new WorkflowBuilder<Count>()
          .defaultErrorBehavior(behavior)
          .parallel((p) => p.branch((b) => b.thenFn("flaky", flaky.run)))
          .build(`w${index}`, 1),
    );
    const host = await newHost((h) => ends.forEach((definition) => h.registerWorkflowDefinition(definition)));

    const ids = await Promise.all(ends.map((definition) => host.startWorkflow(definition, { n: 0 })));
    await clock.advance("1m");

    expect(flaky.at).toEqual([0, 0, 0, 1_000, 2_000]);
    expect((await Promise.all(ids.map((id) => host.getWorkflow(id)))).map(({ status }) => status)).toEqual(["suspended", "terminated", "terminated"]);
  });

  it("on a container holds for its own condition too", async () => {
    const { host: newHost, clock } = await open();
    const [condition, body] = [failing(clock), failing(clock)];
    const definition = new WorkflowBuilder<Count>()
      .ifDo(
        () => {
          if (condition.at.length < 2) condition.run();
          return true;
        },
        (b) => b.thenFn("flaky", body.run),
      )
      .onError(retry({ interval: 300 }))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("1m");

    expect(condition.at).toEqual([0, 300]);
    expect(body.at).toEqual([600, 900, 1_200, 1_500]);
    expect((await host.getErrors(id)).map(({ step }) => step)).toEqual(["ifDo", "ifDo", "flaky", "flaky", "flaky", "flaky"]);
  });

  it("of a container does not hold for what stands behind it", async () => {
    const { host: newHost, clock } = await open();
    const flaky = failing(clock);
    const definition = new WorkflowBuilder<Count>()
      .defaultErrorBehavior(retry({ interval: 10, maxRetries: 1 }))
      .ifDo(
        () => true,
        (b) => b.thenFn("inside", () => {}),
      )
      .onError(ErrorBehavior.terminate())
      .thenFn("behind", flaky.run)
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("1s");

    expect(flaky.at).toEqual([0, 10]);
    expect((await host.getWorkflow(id)).status).toBe("suspended");
  });
});
