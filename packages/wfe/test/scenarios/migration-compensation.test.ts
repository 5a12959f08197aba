import { expect, it } from "vitest";
import {
  type BranchBuilder,
  type Chain,
  ErrorBehavior,
  ExecutionResult,
  NonRetryableError,
  type ResultFor,
  type WorkflowDefinition,
} from "../../src/index.ts";
import { build, note, start, told, type Trace } from "./migrated-workflows.ts";
import { registers, scenarios } from "./scenario.ts";

/** A compensator, which has no output mapping. */
const says =
  (text: string) =>
  (ctx: { readonly data: Readonly<Trace> }): ResultFor<Trace> =>
    ExecutionResult.next({ output: { seen: [...ctx.data.seen, text] } });

/** A step whose compensator says of which version it is. */
const undoable =
  (name: string, n: number) =>
  (b: BranchBuilder<Trace>): Chain =>
    b
      .thenFn(name, () => name)
      .output(note)
      .compensateWithFn(`undo ${name}`, says(`undo ${name} v${n}`));

/** A saga with an `a` and a `b`, which fails behind an event; version 2 has another step before each. */
function failing(
  n: number,
  block: (b: BranchBuilder<Trace>) => Chain = (b) => b.use(undoable("a", n)).use(undoable("b", n)),
): WorkflowDefinition<Trace> {
  return (n === 1 ? build() : build().thenFn("zeroth", () => undefined))
    .saga((b) =>
      (n === 1 ? b.thenFn("begin", () => undefined) : b.use(undoable("new", n)).thenFn("begin", () => undefined))
        .use(block)
        .waitFor(told, "k")
        .thenFn("fails", () => {
          throw new NonRetryableError("declined");
        }),
    )
    .thenFn("behind", () => `behind v${n}`)
    .output(note)
    .build("w", n);
}

scenarios("compensation after a migration", (open) => {
  it("undoes what the old version has done with the compensators of the new one, the last first", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost(registers(failing(1), failing(2)));
    const id = await host.startWorkflow("w", 1, start());
    await clock.settle();

    const { pointers } = await host.migrateWorkflow(id, 2);
    await host.publishEvent(told, "k", "go");
    await clock.settle();

    expect(pointers.map(({ status, from, to }) => [status, from.stepName, to.stepName])).toEqual([
      ["running", "saga", "saga"],
      ["complete", "a", "a"],
      ["complete", "b", "b"],
      ["waitingForEvent", "waitFor told", "waitFor told"],
    ]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["a", "b", "undo b v2", "undo a v2", "behind v2"] } });
  });

  it("undoes what has finished in containers and in sagas inside of the saga", async () => {
    const { host: newHost, clock } = await open();
    const block =
      (n: number) =>
      (b: BranchBuilder<Trace>): Chain =>
        (n === 1 ? b : b.thenFn("more", () => undefined))
          .forEach(
            () => [1, 2],
            (c) => c.use(undoable("a", n)),
            { parallel: false },
          )
          .saga((c) => c.use(undoable("inner", n)))
          .name("whole")
          .compensateWithFn("undo whole", says(`undo whole v${n}`))
          .saga((c) => c.use(undoable("b", n)))
          .name("in parts");
    const host = await newHost(registers(failing(1, block(1)), failing(2, block(2))));
    const id = await host.startWorkflow("w", 1, start());
    await clock.settle();

    await host.migrateWorkflow(id, 2);
    await host.publishEvent(told, "k", "go");
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({
      status: "complete",
      data: { seen: ["a", "a", "inner", "b", "undo b v2", "undo whole v2", "undo a v2", "undo a v2", "behind v2"] },
    });
  });

  it("goes on in the middle of it with the compensator that the new version has mended", async () => {
    const { host: newHost, clock } = await open();
    const block =
      (n: number) =>
      (b: BranchBuilder<Trace>): Chain =>
        b
          .use(undoable("a", n))
          .thenFn("b", () => "b")
          .compensateWithFn(
            "undo b",
            (ctx) => {
              if (n === 1) throw new Error("bug");
              return says("undo b v2")(ctx);
            },
            (c) => c.onError(ErrorBehavior.suspend()),
          )
          .use(undoable("c", n));
    const host = await newHost(registers(failing(1, block(1)), failing(2, block(2))));
    const id = await host.startWorkflow("w", 1, start());
    await clock.settle();
    await host.publishEvent(told, "k", "go");
    await clock.settle();
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { seen: ["a", "c", "undo c v1"] } });

    await host.migrateWorkflow(id, 2);
    await host.resumeWorkflow(id);
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({
      status: "complete",
      data: { seen: ["a", "c", "undo c v1", "undo b v2", "undo a v2", "behind v2"] },
    });
  });

  it.each([
    ["has no step for it", (b: BranchBuilder<Trace>) => b.use(undoable("a", 2)), "has finished and could not be undone: it has no counterpart"],
    ["has no compensator for it", (b: BranchBuilder<Trace>) => b.use(undoable("a", 2)).thenFn("b", () => "b"), 'step 7 "b" has no compensator'],
  ] as const)("is not lost when the new version %s, unless that is accepted", async (_, block, problem) => {
    const { host: newHost, clock } = await open();
    const host = await newHost(registers(failing(1), failing(2, block)));
    const id = await host.startWorkflow("w", 1, start());
    await clock.settle();
    const before = await host.getHistory(id);

    await expect(host.migrateWorkflow(id, 2)).rejects.toMatchObject({
      code: "WFE_MIGRATION_REFUSED",
      faults: [{ reason: "compensation", message: expect.stringContaining(problem) as string }],
    });
    expect([(await host.getWorkflow(id)).version, await host.getHistory(id)]).toEqual([1, before]);
    expect(await host.migrateWorkflow(id, 2, { allowLostCompensation: true })).toMatchObject({ migrated: true });
    await host.publishEvent(told, "k", "go");
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["a", "b", "undo a v2", "behind v2"] } });
  });

  it("of a step outside of sagas goes on, and the flow behind it in the new version", async () => {
    const { host: newHost, clock } = await open();
    const version = (n: number): WorkflowDefinition<Trace> =>
      (n === 1 ? build() : build().thenFn("new", () => undefined))
        .thenFn("pays", () => {
          throw new NonRetryableError("declined");
        })
        .compensateWithSequence((b) =>
          (n === 1 ? b : b.thenFn("looks", () => undefined))
            .waitFor(told, "k")
            .output(note)
            .thenFn("undo", () => `undo v${n}`)
            .output(note),
        )
        .thenFn("behind", () => `behind v${n}`)
        .output(note)
        .build("w", n);
    const host = await newHost(registers(version(1), version(2)));
    const id = await host.startWorkflow("w", 1, start());
    await clock.settle();

    await host.migrateWorkflow(id, 2);
    await host.publishEvent(told, "k", "go");
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["go", "undo v2", "behind v2"] } });
  });
});
