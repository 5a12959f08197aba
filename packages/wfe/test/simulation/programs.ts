import {
  defineActivity,
  defineEvent,
  defineStep,
  type StepExecutionContext,
  ErrorBehavior,
  ExecutionResult,
  WorkflowBuilder,
} from "../../src/index.ts";
import type { FinalState, ProgramFactory, SimulatedProgram, Stimulus } from "../../src/test-support/index.ts";

interface Log {
  readonly key: string;
  log: string[];
}

const go = defineEvent<number>("go");
const ended = (final: FinalState, id: string, status: string, logOf: (log: readonly string[]) => unknown, expected: unknown): readonly string[] => {
  const record = final.records.get(id);
  const log = record === undefined ? [] : (JSON.parse(record.data) as Log).log;
  const [is, should] = [JSON.stringify([record?.status, logOf(log)]), JSON.stringify([status, expected])];
  return is === should ? [] : [`${id} is ${is}, and should be ${should}`];
};
const sorted = (log: readonly string[]): readonly string[] => log.toSorted((a, b) => (a < b ? -1 : 1));
const asIs = (log: readonly string[]): readonly string[] => log;
const data = (key: string): Log => ({ key, log: [] });

/** Steps that fail at first, by the state they have stored: persist, sleep and retry. */
export const retries: ProgramFactory = (bodies) => {
  const definition = new WorkflowBuilder<Log>()
    .defaultErrorBehavior(ErrorBehavior.retry({ interval: 200, maxRetries: "unlimited" }))
    .thenFn("first", (ctx) => bodies.pause(ctx))
    .output((_, d) => void d.log.push("first"))
    .thenFn("failing", async (ctx) => {
      await bodies.sleep(ctx, 100);
      if (ctx.attempt < 3) throw new Error("not yet");
    })
    .output((_, d) => void d.log.push("failing"))
    .thenFn("persisting", async (ctx) => {
      const turn = (ctx.persistenceData as number | undefined) ?? 0;
      await bodies.pause(ctx);
      if (turn === 2) return ExecutionResult.next();
      return turn === 0 ? ExecutionResult.persist(1) : ExecutionResult.sleep(700, 2);
    })
    .output((_, d) => void d.log.push("persisting"))
    .build("retries", 1);
  const ids = ["r1", "r2", "r3"];
  return {
    name: "retries",
    definitions: [definition],
    stimuli: ids.map((id, n) => ({ name: `start ${id}`, atMs: 300 * n, act: (client) => client.startWorkflow(definition, data(id), { id }) })),
    workflowIds: ids,
    verdict: (final) => ids.flatMap((id) => ended(final, id, "complete", asIs, ["first", "failing", "persisting"])),
  };
};

/** A saga that fails at its end, and is undone backwards. */
export const saga: ProgramFactory = (bodies) => {
  const definition = new WorkflowBuilder<Log>()
    .saga((s) =>
      s
        .thenFn("a", (ctx) => bodies.pause(ctx))
        .output((_, d) => void d.log.push("a"))
        .compensateWithSequence((u) => u.thenFn("undo a", (ctx) => bodies.pause(ctx)).output((_, d) => void d.log.push("undo a")))
        .forEach(
          () => [1, 2],
          (each) =>
            each
              .thenFn("b", async (ctx) => {
                await bodies.sleep(ctx, 50 * Number(ctx.item));
                return ctx.item as number;
              })
              .output((n, d) => void d.log.push(`b${n}`))
              .compensateWithSequence((u) =>
                u
                  .thenFn("undo b", (ctx) => bodies.pause(ctx))
                  .output((_, d, ctx) => void d.log.push(`undo b${JSON.stringify(ctx.compensates?.item)}`)),
              ),
          { parallel: false },
        )
        .delay(300)
        .thenFn("c", async (ctx) => {
          await bodies.pause(ctx);
          throw new Error("c never works");
        })
        .onError(ErrorBehavior.compensate()),
    )
    .thenFn("end", (ctx) => bodies.pause(ctx))
    .output((_, d) => void d.log.push("end"))
    .build("saga", 1);
  const ids = ["s1", "s2"];
  return {
    name: "saga",
    definitions: [definition],
    stimuli: ids.map((id) => ({ name: `start ${id}`, atMs: 0, act: (client) => client.startWorkflow(definition, data(id), { id }) })),
    workflowIds: ids,
    verdict: (final) => ids.flatMap((id) => ended(final, id, "complete", asIs, ["a", "b1", "b2", "undo b2", "undo b1", "undo a", "end"])),
  };
};

/** Waits in a loop and beside each other, timeouts, and events before, while and after them. */
export const events: ProgramFactory = (bodies) => {
  const definition = new WorkflowBuilder<Log>()
    .thenFn("begin", (ctx) => bodies.pause(ctx))
    .forEach(
      () => [0, 1, 2],
      (each) => each.waitFor(go, (d) => d.key).output((n, d) => void d.log.push(`go ${String(n)}`)),
      { parallel: false },
    )
    .parallel((p) =>
      p
        .branch((b) => b.waitFor(go, (d) => `${d.key} shared`).output((_, d) => void d.log.push("left")))
        .branch((b) => b.waitFor(go, (d) => `${d.key} shared`).output((_, d) => void d.log.push("right")))
        .branch((b) =>
          b
            .waitFor("never", (d) => d.key, { timeout: 1_500 })
            .onTimeout((t) => t.thenFn("late", (ctx) => bodies.pause(ctx)).output((_, d) => void d.log.push("timeout"))),
        ),
    )
    .build("events", 1);
  const ids = ["e1", "e2"];
  const publish = (id: string, n: number, atMs: number, key = id): Stimulus => ({
    name: `publish ${key} ${n}`,
    atMs,
    after: [`start ${id}`],
    act: (client) => client.publishEvent(go, key, n, { id: `${key} ${n}`, time: new Date(Date.UTC(2025, 0, 1) + n) }),
  });
  return {
    name: "events",
    definitions: [definition],
    stimuli: ids.flatMap((id) => [
      { name: `start ${id}`, atMs: 100, act: (client) => client.startWorkflow(definition, data(id), { id }) } satisfies Stimulus,
      publish(id, 0, 0),
      publish(id, 1, 900),
      publish(id, 2, 900),
      publish(id, 3, 1_400, `${id} shared`),
    ]),
    workflowIds: ids,
    verdict: (final) => [
      ...ids.flatMap((id) => ended(final, id, "complete", sorted, ["go 0", "go 1", "go 2", "left", "right", "timeout"])),
      ...ids.flatMap((id) => {
        const used = new Set(final.consumed.filter(({ workflowId }) => workflowId === id).map(({ eventId }) => eventId));
        return used.size === 4 ? [] : [`${id} has used ${[...used].join(", ")}`];
      }),
    ],
  };
};

/** Children in parallel with timers, and one that fails. */
export const children: ProgramFactory = (bodies) => {
  const child = new WorkflowBuilder<{ n: number }>()
    .delay((d) => 200 * d.n)
    .thenFn("double", async (ctx) => {
      await bodies.pause(ctx);
      if (ctx.data.n === 3) throw new Error("three is refused");
      return 2 * ctx.data.n;
    })
    .onError(ErrorBehavior.terminate())
    .output((n, d) => void (d.n = n))
    .build("child", 1);
  const definition = new WorkflowBuilder<Log>()
    .forEach(
      () => [0, 1, 2],
      (each) => each.subWorkflow(child, (_, ctx) => ({ n: Number(ctx.item) })).output((result, d) => void d.log.push(`child ${result.n}`)),
    )
    .subWorkflow(child, () => ({ n: 3 }))
    .onError(ErrorBehavior.terminate())
    .build("parent", 1);
  return {
    name: "children",
    definitions: [definition, child],
    stimuli: ["p1", "p2"].map((id) => ({ name: `start ${id}`, atMs: 0, act: (client) => client.startWorkflow(definition, data(id), { id }) })),
    workflowIds: ["p1", "p2"],
    verdict: (final) => [
      ...["p1", "p2"].flatMap((id) => ended(final, id, "terminated", sorted, ["child 0", "child 2", "child 4"])),
      ...(final.records.size === 10 ? [] : [`there are ${final.records.size} instances`]),
    ],
  };
};

/** Parallel branches and many iterations with few slots. */
export const branches: ProgramFactory = (bodies) => {
  const definition = new WorkflowBuilder<Log>()
    .parallel((p) =>
      p
        .branch((b) =>
          b.forEach(
            () => [0, 1, 2, 3, 4, 5],
            (each) => each.thenFn("x", (ctx) => bodies.pause(ctx)).output((_, d, ctx) => void d.log.push(`x${ctx.item}`)),
          ),
        )
        .branch((b) =>
          b
            .delay(500)
            .thenFn("y", (ctx) => bodies.sleep(ctx, 250))
            .output((_, d) => void d.log.push("y")),
        )
        .branch((b) =>
          b.whileDo(
            (d) => d.log.filter((line) => line === "w").length < 3,
            (w) => w.thenFn("w", (ctx) => bodies.pause(ctx)).output((_, d) => void d.log.push("w")),
          ),
        ),
    )
    .ifDo(
      (d) => d.log.length === 10,
      (b) => b.thenFn("z", (ctx) => bodies.pause(ctx)).output((_, d) => void d.log.push("z")),
    )
    .build("branches", 1);
  const ids = ["b1", "b2"];
  return {
    name: "branches",
    definitions: [definition],
    stimuli: ids.map((id) => ({ name: `start ${id}`, atMs: 0, act: (client) => client.startWorkflow(definition, data(id), { id }) })),
    workflowIds: ids,
    verdict: (final) => ids.flatMap((id) => ended(final, id, "complete", sorted, ["w", "w", "w", "x0", "x1", "x2", "x3", "x4", "x5", "y", "z"])),
  };
};

/** Commands in the middle of everything: one instance is terminated with its child, one is suspended and resumed, one retried. */
export const commands: ProgramFactory = (bodies) => {
  const inner = new WorkflowBuilder<Log>().waitFor("nothing", (d) => d.key).build("inner", 1);
  let isMended = false;
  const definition = new WorkflowBuilder<Log>()
    .thenFn("a", (ctx) => bodies.sleep(ctx, 400))
    .output((_, d) => void d.log.push("a"))
    .ifDo(
      (d) => d.key === "c1",
      (b) => b.subWorkflow(inner, (d) => data(d.key)),
    )
    .thenFn("b", async (ctx) => {
      await bodies.pause(ctx);
      if (ctx.data.key === "c3" && !isMended) throw new Error("broken");
    })
    .onError(ErrorBehavior.suspend())
    .output((_, d) => void d.log.push("b"))
    .build("commands", 1);
  const start = (id: string): Stimulus => ({
    name: `start ${id}`,
    atMs: 0,
    act: (client) => client.startWorkflow(definition, data(id), { id }),
  });
  const program: SimulatedProgram = {
    name: "commands",
    definitions: [definition, inner],
    withoutFaults: ["suspendAndResume"],
    stimuli: [
      start("c1"),
      start("c2"),
      start("c3"),
      { name: "suspend c2", atMs: 300, after: ["start c2"], isRepeatable: false, act: (client) => client.suspendWorkflow("c2") },
      { name: "resume c2", atMs: 2_000, after: ["suspend c2"], everyMs: 3_000, act: (client) => client.resumeWorkflow("c2") },
      { name: "terminate c1", atMs: 2_500, after: ["start c1"], act: (client) => client.terminateWorkflow("c1") },
      {
        name: "retry c3",
        atMs: 3_000,
        after: ["start c3"],
        everyMs: 1_000,
        act: (client) => {
          isMended = true;
          return client.retryWorkflow("c3");
        },
      },
    ],
    workflowIds: ["c1", "c2", "c3"],
    verdict: (final) => [
      ...ended(final, "c2", "complete", asIs, ["a", "b"]),
      ...ended(final, "c3", "complete", asIs, ["a", "b"]),
      ...[...final.records.values()]
        .filter(({ id, parent, status }) => (id === "c1" || parent !== undefined) && status !== "terminated")
        .map(({ id, status }) => `${id} is ${status}, and was terminated`),
    ],
  };
  return program;
};

const pack = defineActivity<{ readonly key: string }, number>("pack");

/** An activity whose workers are lost, late, or fail. */
export const activities: ProgramFactory = () => {
  const definition = new WorkflowBuilder<Log>()
    .activity(pack, (d) => ({ key: d.key }))
    .output((n, d) => void d.log.push(`packed ${String(n)}`))
    .build("activities", 1);
  const ids = ["a1", "a2"];
  return {
    name: "activities",
    definitions: [definition],
    stimuli: [
      ...ids.map((id): Stimulus => ({ name: `start ${id}`, atMs: 0, act: (client) => client.startWorkflow(definition, data(id), { id }) })),
      {
        name: "worker",
        atMs: 200,
        everyMs: 400,
        act: async (client) => {
          const offer = await client.getPendingActivity(pack, "worker", { lease: 2_000, wait: 500 });
          if (offer !== undefined) await client.submitActivitySuccess(offer.token, offer.input.key === "a1" ? 1 : 2);
        },
      },
    ],
    workflowIds: ids,
    verdict: (final) => [...ended(final, "a1", "complete", asIs, ["packed 1"]), ...ended(final, "a2", "complete", asIs, ["packed 2"])],
  };
};

const double = defineStep("double", async (input: { readonly n: number }) => 2 * input.n);

/** Bodies that take longer than a lease, as classes and functions, and some with a limit. */
export const long: ProgramFactory = (bodies) => {
  class Dig {
    static readonly stepType = "Dig";
    hours = 0;
    depth = 0;

    async run(ctx: StepExecutionContext): Promise<void> {
      await bodies.sleep(ctx, 1_000 * this.hours);
      this.depth = this.hours;
    }
  }
  const definition = new WorkflowBuilder<Log>()
    .defaultErrorBehavior(ErrorBehavior.retry({ interval: 100, maxRetries: "unlimited" }))
    .parallel((p) =>
      p
        .branch((b) =>
          b
            .then(Dig)
            .input((step) => void (step.hours = 8))
            .output((step, d) => void d.log.push(`dug ${step.depth}`)),
        )
        .branch((b) =>
          b
            .thenFn("hasty", (ctx) => bodies.sleep(ctx, ctx.attempt === 1 ? 60_000 : 100))
            .timeout(2_000)
            .output((_, d) => void d.log.push("hasty")),
        ),
    )
    .then(double, () => ({ n: 3 }))
    .output((n, d) => void d.log.push(`double ${n}`))
    .build("long", 1);
  const ids = ["l1", "l2", "l3"];
  return {
    name: "long",
    definitions: [definition],
    stimuli: ids.map((id) => ({ name: `start ${id}`, atMs: 0, act: (client) => client.startWorkflow(definition, data(id), { id }) })),
    workflowIds: ids,
    verdict: (final) =>
      ids.flatMap((id) => ended(final, id, "complete", (log) => [sorted(log.slice(0, 2)), log[2]], [["dug 8", "hasty"], "double 6"])),
  };
};

/** A bit of everything in each other, in several instances that share events. */
export const mixed: ProgramFactory = (bodies) => {
  const child = new WorkflowBuilder<Log>()
    .waitFor("open", () => "all", { effectiveDate: new Date(0) }) // it may be created behind the event
    .thenFn("inner", (ctx) => bodies.pause(ctx))
    .output((_, d) => void d.log.push("inner"))
    .build("mixed-child", 1);
  const definition = new WorkflowBuilder<Log>()
    .defaultErrorBehavior(ErrorBehavior.retry({ interval: 150, maxRetries: "unlimited" }))
    .parallel((p) =>
      p
        .branch((b) =>
          b.saga((s) =>
            s
              .thenFn("book", (ctx) => bodies.pause(ctx))
              .output((_, d) => void d.log.push("book"))
              .compensateWithSequence((u) => u.thenFn("unbook", (ctx) => bodies.pause(ctx)).output((_, d) => void d.log.push("unbook")))
              .waitFor("pay", (d) => d.key, { timeout: 2_500 })
              .onTimeout((t) =>
                t
                  .thenFn("unpaid", () => {
                    throw new Error("unpaid");
                  })
                  .onError(ErrorBehavior.compensate()),
              ),
          ),
        )
        .branch((b) => b.subWorkflow(child, (d) => data(d.key)).output((result, d) => void d.log.push(...result.log)))
        .branch((b) =>
          b.forEach(
            () => [0, 1, 2],
            (each) =>
              each
                .waitFor("open", () => "all")
                .thenFn("go", async (ctx) => {
                  await bodies.sleep(ctx, 40);
                  if (ctx.attempt === 1) throw new Error("once more");
                })
                .output((_, d, ctx) => void d.log.push(`go ${ctx.item}`)),
          ),
        )
        .branch((b) =>
          b.recur(
            400,
            (d) => d.log.filter((line) => line === "tick").length === 3,
            (r) => r.thenFn("tick", (ctx) => bodies.pause(ctx)).output((_, d) => void d.log.push("tick")),
          ),
        ),
    )
    .thenFn("last", (ctx) => bodies.pause(ctx))
    .output((_, d) => void d.log.push("last"))
    .build("mixed", 1);
  const ids = ["m1", "m2", "m3", "m4"];
  const starts = ids.map((id) => `start ${id}`);
  return {
    name: "mixed",
    definitions: [definition, child],
    stimuli: [
      ...ids.map((id, n): Stimulus => ({ name: `start ${id}`, atMs: 50 * n, act: (client) => client.startWorkflow(definition, data(id), { id }) })),
      { name: "open", atMs: 600, after: starts, act: (client) => client.publishEvent("open", "all", 1, { id: "open" }) },
      { name: "open again", atMs: 600, after: starts, act: (client) => client.publishEvent("open", "all", 2, { id: "open again" }) },
      { name: "pay m1", atMs: 900, after: ["start m1"], act: (client) => client.publishEvent("pay", "m1", 1, { id: "pay m1" }) },
      { name: "pay m2", atMs: 2_450, after: ["start m2"], act: (client) => client.publishEvent("pay", "m2", 1, { id: "pay m2" }) },
      { name: "pay m3 too late", atMs: 2_600, after: ["start m3"], act: (client) => client.publishEvent("pay", "m3", 1, { id: "pay m3" }) },
    ],
    workflowIds: ids,
    verdict: (final) =>
      ids.flatMap((id) => {
        const all = ["book", "go 0", "go 1", "go 2", "inner", "last", "tick", "tick", "tick"];
        const paid = ended(final, id, "complete", (log) => [sorted(log), log.at(-1)], [all, "last"]);
        const unpaid = ended(final, id, "complete", (log) => [sorted(log), log.at(-1)], [[...all, "unbook"], "last"]);
        return paid.length > 0 && unpaid.length > 0 ? paid : [];
      }),
  };
};
