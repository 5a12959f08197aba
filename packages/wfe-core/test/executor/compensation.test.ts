import { describe, expect, it } from "vitest";
import type { BranchBuilder } from "../../src/builder/verbs.ts";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { retriedPointers } from "../../src/executor/retried-pointers.ts";
import { PersistenceError } from "../../src/errors/store-errors.ts";
import { ErrorBehavior } from "../../src/models/error-behavior.ts";
import type { WorkflowDefinition } from "../../src/models/workflow-definition.ts";
import { Payloads } from "../../src/runtime/payloads.ts";
import { Gate, PassHarness } from "./pass-harness.ts";

interface Data {
  n: number;
}

const noop = (): void => {};
const fails = (): never => {
  throw new Error("no");
};

/** Leaves a line for each run. */
function traced() {
  const lines: string[] = [];
  return { lines, does: (line: string) => (): void => void lines.push(line) };
}

/** A saga with two steps to undo. */
const saga = (does: (line: string) => () => void) => (b: BranchBuilder<Data>) =>
  b.saga((x) =>
    x
      .thenFn("a", does("a"))
      .compensateWithFn("undo a", does("undo a"))
      .thenFn("b", does("b"))
      .compensateWithFn("undo b", does("undo b"))
      .thenFn("c", fails),
  );

/** A harness whose first question for what is to be undone gets no answer until the gate opens. */
async function slowToAnswer() {
  const harness = await PassHarness.start();
  const [asked, gate] = [new Gate(), new Gate()];
  const count = { questions: 0 };
  harness.intercept("getPointers", async (next, id, query) => {
    count.questions += 1;
    asked.open();
    if (count.questions === 1) await gate.opened;
    return next(id, query);
  });
  return { harness, asked, gate, count };
}

describe("the question what a saga has to undo", () => {
  it("is not asked again while it has no answer, though the instance is suspended and resumed meanwhile", async () => {
    const { harness, asked, gate, count } = await slowToAnswer();
    const { lines, does } = traced();
    await harness.create(new WorkflowBuilder<Data>().use(saga(does)).build("w", 1), { n: 0 });
    const { pass, end } = await harness.begin();
    await asked.opened;

    for (const command of ["suspend", "resume"] as const) {
      await harness.store.command("w", command, new Date(harness.clock.now()));
      pass.poke();
      await harness.clock.settle();
    }
    expect(count.questions).toBe(1);
    gate.open();
    await end;

    expect(lines).toEqual(["a", "b", "undo b", "undo a"]);
    expect((await harness.stored()).status).toBe("complete");
  });

  it("is not asked again while its answer is being committed, though the instance is resumed meanwhile: no step is passed over", async () => {
    const harness = await PassHarness.start();
    const { lines, does } = traced();
    const [undoing, undone, committing, resumed, asked] = [new Gate(), new Gate(), new Gate(), new Gate(), new Gate()];
    const definition = new WorkflowBuilder<Data>()
      .saga((x) =>
        x
          .thenFn("a", noop)
          .compensateWithFn("undo a", does("undo a"))
          .thenFn("b", noop)
          .compensateWithFn("undo b", async () => {
            await asked.opened;
            lines.push("undo b");
          })
          .thenFn("c", noop)
          .compensateWithFn("undo c", async () => {
            undoing.open();
            await undone.opened;
            lines.push("undo c");
          })
          .thenFn("d", fails),
      )
      .build("w", 1);
    await harness.create(definition, { n: 0 });
    harness.intercept("persistWorkflow", async (next, change, now) => {
      if (change.status === "suspended" && change.pointers.some(({ stepName }) => stepName === "undo b")) {
        committing.open();
        await resumed.opened;
      }
      return next(change, now);
    });
    const { pass, end } = await harness.begin();
    await undoing.opened;
    await harness.store.command("w", "suspend", new Date(harness.clock.now()));
    pass.poke();
    await harness.clock.settle();
    undone.open();
    await committing.opened;

    await harness.store.command("w", "resume", new Date(harness.clock.now()));
    resumed.open();
    await harness.clock.settle();
    asked.open();
    await end;

    expect(lines).toEqual(["undo c", "undo b", "undo a"]);
  });

  it("keeps the instance due as long as it is open: a host that is lost meanwhile is replaced", async () => {
    const { harness, asked, gate } = await slowToAnswer();
    await harness.create(new WorkflowBuilder<Data>().use(saga(traced().does)).build("w", 1), { n: 0 });
    const { end, lease } = await harness.begin();

    await asked.opened;

    expect((await harness.stored()).dueAt).toEqual(lease.expiresAt);
    gate.open();
    await end;
    expect((await harness.stored()).dueAt).toBeUndefined();
  });

  it("fails the pass when the store refuses it, and another pass asks it anew", async () => {
    const harness = await PassHarness.start();
    const { lines, does } = traced();
    await harness.create(new WorkflowBuilder<Data>().use(saga(does)).build("w", 1), { n: 0 });
    const error = new Error("broken");
    harness.intercept("getPointers", () => Promise.reject(error));

    expect(await harness.run()).toEqual({ kind: "failed", error });
    expect(lines).toEqual(["a", "b"]);
    harness.intercept("getPointers", (next, id, query) => next(id, query));
    await harness.run();

    expect(lines).toEqual(["a", "b", "undo b", "undo a"]);
    expect((await harness.stored()).status).toBe("complete");
  });

  it("is left to another host by one that stops and does not reach the store: the instance stays due, also when something has come for it", async () => {
    const harness = await PassHarness.start();
    const { lines, does } = traced();
    const [asked, gate] = [new Gate(), new Gate()];
    harness.intercept("getPointers", async () => {
      asked.open();
      await gate.opened;
      throw new PersistenceError("WFE_STORE_UNREACHABLE", "away", { retryable: true });
    });
    await harness.create(new WorkflowBuilder<Data>().use(saga(does)).build("w", 1), { n: 0 });
    const { pass, end, lease } = await harness.begin();
    await asked.opened;

    pass.abort();
    await harness.clock.settle();
    pass.poke();
    gate.open();
    await harness.clock.settle();

    expect(await Promise.race([end, Promise.resolve("still running")])).toEqual({ kind: "yielded" });
    expect((await harness.stored()).dueAt).toEqual(lease.expiresAt);
    await lease.release();
    harness.intercept("getPointers", (next, id, query) => next(id, query));
    await harness.run();
    expect(lines).toEqual(["a", "b", "undo b", "undo a"]);
  });

  it("finds the saga again when a termination by another branch is taken back", async () => {
    const { harness, asked, gate } = await slowToAnswer();
    const { lines, does } = traced();
    const other = new Gate();
    let runs = 0;
    const definition = new WorkflowBuilder<Data>()
      .parallel((p) =>
        p.branch(saga(does)).branch((b) =>
          b
            .thenFn("other", async () => {
              runs += 1;
              await other.opened;
              if (runs === 1) throw new Error("no other");
            })
            .onError(ErrorBehavior.terminate()),
        ),
      )
      .build("w", 1);
    await harness.create(definition, { n: 0 });
    const { end } = await harness.begin();
    await asked.opened;
    other.open();
    await end;
    gate.open();
    expect(await harness.state()).toMatchObject({ status: "terminated" });

    const record = await harness.stored();
    const pointers = retriedPointers(record, new Payloads()) ?? [];
    await harness.store.command("w", "retry", new Date(harness.clock.now()), { pointers, revision: record.revision });
    await harness.clock.advance(60_000);
    await harness.run();

    expect(lines).toEqual(["a", "b", "undo b", "undo a"]);
    expect((await harness.stored()).status).toBe("complete");
  });
});

/** A saga in which `a` fails beside `b`, which `run` is; `c` follows on `b`. */
function beside(run: () => Promise<number>, behavior: ErrorBehavior, does: (line: string) => () => void): WorkflowDefinition<Data> {
  return new WorkflowBuilder<Data>()
    .saga((x) =>
      x.parallel((p) =>
        p
          .branch((b) =>
            b
              .thenFn("a", fails)
              .cancelWhen((data) => data.n === 1)
              .compensateWithFn("undo a", does("undo a")),
          )
          .branch((b) => b.thenFn("b", run).saveAs("n").compensateWithFn("undo b", does("undo b")).thenFn("c", does("c"))),
      ),
    )
    .onError(behavior)
    .build("w", 1);
}

describe("a body that a saga awaits", () => {
  it("is not run again when its host is lost: its outcome stays unknown, and it is undone", async () => {
    const harness = await PassHarness.start();
    const { lines, does } = traced();
    let runs = 0;
    const definition = beside(
      () => {
        runs += 1;
        return new Promise<number>(() => {});
      },
      ErrorBehavior.compensate(),
      does,
    );
    await harness.create(definition, { n: 0 });
    const { end } = await harness.begin("w", 1_000);
    await harness.clock.advance(1_000);
    expect((await end).kind).toBe("lost");

    await harness.run();

    expect([runs, ...lines]).toEqual([1, "undo a", "undo b"]);
    expect(await harness.state()).toMatchObject({
      status: "complete",
      pointers: ["saga: compensated", "parallel: cancelled", "a: compensated", "b: compensated", "undo a: complete", "undo b: complete"],
    });
  });
});

describe("a saga that waits for a resume to be compensated", () => {
  it("is not, when its failed step was cancelled meanwhile", async () => {
    const harness = await PassHarness.start();
    const { lines, does } = traced();
    const gate = new Gate();
    const definition = beside(
      async () => {
        await gate.opened;
        return 1;
      },
      ErrorBehavior.suspend(),
      does,
    );
    await harness.create(definition, { n: 0 });
    const { end } = await harness.begin();
    await harness.clock.settle();
    gate.open();
    await end;
    expect((await harness.state()).pointers).toEqual(["saga: running", "parallel: running", "a: cancelled", "b: complete", "c: pending"]);

    await harness.store.command("w", "resume", new Date(harness.clock.now()));
    await harness.clock.advance(60_000);
    await harness.run();

    expect(lines).toEqual(["c"]);
    const { status, pointers } = await harness.stored();
    expect(status).toBe("complete");
    expect(pointers[0]?.persistenceData).toBeUndefined();
  });
});
