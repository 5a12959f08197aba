import { expect, it } from "vitest";
import {
  type CompensatedStep,
  defineStep,
  ExecutionResult,
  NonRetryableError,
  type StepBody,
  type StepExecutionContext,
  WorkflowBuilder,
} from "../../src/index.ts";
import { scenarios } from "./scenario.ts";
import { begin, statuses, Trace, type Traced } from "./traced-saga.ts";

const w = (): WorkflowBuilder<Traced> => new WorkflowBuilder<Traced>();

class Refund implements StepBody<Traced> {
  static readonly stepType = "Refund";
  amount = 0;
  why = "";
  left = 0;
  run = (): ExecutionResult => {
    this.left = -this.amount;
    return ExecutionResult.next();
  };
}

const refund = defineStep("refund", (input: { amount: number; why: string }) => ({ refunded: input.amount, why: input.why }));

/** What a compensator sees of what it undoes. */
const seen = ({ item, persistenceData, outcome, error, pointer }: CompensatedStep): object => ({
  ...{ item, persistenceData, outcome, error },
  pointer: { stepName: pointer.stepName, status: pointer.status, attempt: pointer.attempt },
});

scenarios("what a compensator sees", (open) => {
  it("is the pointer, the item, the persistence data and the outcome of the step, and the error that began the compensation", async () => {
    const scenario = await open();
    const looks: object[] = [];
    const look = (ctx: StepExecutionContext<Traced, unknown>): void => {
      if (ctx.compensates !== undefined) looks.push({ ...seen(ctx.compensates), ownItem: ctx.item, index: ctx.index });
    };
    const definition = w()
      .saga((b) =>
        b
          .forEach(
            () => ["x", "y"],
            (each) =>
              each
                .thenFn("staged", (ctx: StepExecutionContext<Traced, string>) =>
                  ctx.persistenceData === undefined ? ExecutionResult.persist({ tx: ctx.item }) : ExecutionResult.outcome(`paid ${ctx.item}`),
                )
                .compensateWithFn("undo staged", look),
            { parallel: false },
          )
          .thenFn("fails", () => {
            throw new NonRetryableError("declined", { data: { reason: "funds" } });
          })
          .compensateWithFn("undo fails", look),
      )
      .compensateWithFn("undo all", look)
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);

    const error = { code: "WFE_STEP_FAILED", message: "declined", data: { reason: "funds" } };
    const staged = (item: string, index: number): object => ({
      ...{ item, persistenceData: { tx: item }, outcome: `paid ${item}`, error, ownItem: item, index },
      pointer: { stepName: "staged", status: "complete", attempt: 2 },
    });
    expect(looks).toMatchObject([{ pointer: { stepName: "fails", attempt: 1 } }, staged("y", 1), staged("x", 0), { pointer: { stepName: "saga" } }]);
    for (const look of looks) expect(look).toMatchObject({ error: { message: "declined", data: { reason: "funds" } } });
    // What the engine keeps with a saga is its own.
    expect(looks.at(-1)).toMatchObject({ persistenceData: undefined });
    expect((await host.getWorkflow(id)).error).toMatchObject({ message: "declined", data: { reason: "funds" } });
  });

  it("is nothing for a step that undoes nothing", async () => {
    const scenario = await open();
    let compensates: unknown = "not run";
    const definition = w()
      .thenFn("a", (ctx) => void (compensates = ctx.compensates))
      .build("w", 1);

    await begin(scenario, definition);

    expect(compensates).toBeUndefined();
  });
});

scenarios("compensators", (open) => {
  it("may be a class whose inputs and outputs are mapped", async () => {
    const scenario = await open();
    const whys: string[] = [];
    const definition = w()
      .saga((b) =>
        b
          .thenFn("pay", () => 7)
          .saveAs("n")
          .compensateWith(Refund, (c) =>
            c
              .name("refund")
              .input((step, data, ctx) => {
                step.amount = data.n;
                step.why = ctx.compensates?.error.message ?? "";
              })
              .output((step, data) => {
                whys.push(step.why);
                data.n = step.left;
              }),
          )
          .thenFn("fails", () => {
            throw new Error("no");
          }),
      )
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);

    expect(whys).toEqual(["no"]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: -7 } });
    expect((await statuses(host, id)).at(-1)).toBe("refund complete");
  });

  it("may be a function step whose input is selected with what it undoes", async () => {
    const scenario = await open();
    const inputs: unknown[] = [];
    const watched = defineStep("watched", (input: { amount: number; why: string }) => void inputs.push(input));
    const definition = w()
      .saga((b) =>
        b
          .thenFn("pay", () => 7)
          .saveAs("n")
          .compensateWith(watched, (data, ctx) => ({ amount: data.n, why: ctx.compensates?.error.message ?? "" }))
          .thenFn("more", () => {})
          .compensateWith(refund, (data) => ({ amount: data.n, why: "" }))
          .thenFn("fails", () => {
            throw new Error("no");
          }),
      )
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);

    expect(inputs).toEqual([{ amount: 7, why: "no" }]);
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });

  it("may be a sequence with containers, waits and loops inside, all of which see what they undo", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const tell = (name: string) => (ctx: StepExecutionContext<Traced, unknown>) => {
      trace.lines.push(`${name} ${ctx.compensates?.pointer.stepName}/${ctx.compensates?.error.message}`);
    };
    const definition = w()
      .saga((b) =>
        b
          .thenFn(...trace.does("a"))
          .compensateWithSequence((c) =>
            c
              .forEach(
                () => [1, 2],
                (each) => each.thenFn("each", tell("each")),
              )
              .ifDo(
                () => true,
                (x) => x.delay("1s").thenFn("late", tell("late")),
              )
              .parallel((p) => p.branch((x) => x.waitFor("go", "key")).branch((x) => x.thenFn("right", tell("right"))))
              .saga((x) => x.thenFn("in a saga", tell("in a saga")))
              .thenFn("decide", () => ExecutionResult.outcome("x"))
              .onOutcome("x", (x) => x.thenFn("outcome", tell("outcome"))),
          )
          .thenFn(...trace.does("b"))
          .compensateWithFn(...trace.undoes("b"))
          .thenFn(...trace.fails("c")),
      )
      .thenFn(...trace.does("after"))
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);
    const events = scenario.record(host);
    await scenario.clock.advance("1s");
    expect(trace.lines.slice(3)).toEqual(["undo b", "each a/no c", "each a/no c", "late a/no c", "right a/no c"]);
    await host.publishEvent("go", "key", null);
    await scenario.clock.settle();

    expect(trace.lines.slice(8)).toEqual(["in a saga a/no c", "outcome a/no c", "after"]);
    expect(events.filter(({ type }) => type === "stepCompensated")).toMatchObject([{ step: "a" }]);
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });

  it("end with a step of theirs that is cancelled, at its creation or later, and the next one runs", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = w()
      .saga((b) =>
        b
          .thenFn(...trace.does("a"))
          .compensateWithSequence((c) => c.thenFn(...trace.does("never")).cancelWhen(() => true))
          .thenFn(...trace.does("b"))
          .compensateWithSequence((c) =>
            c
              .thenFn("undo b", () => 1)
              .saveAs("n")
              .delay("1h")
              .cancelWhen((data) => data.n === 1),
          )
          .thenFn(...trace.does("c"))
          .compensateWithSequence((c) =>
            c
              .thenFn(...trace.does("never"))
              .cancelWhen(() => true, { proceed: true })
              .thenFn(...trace.does("undo c"))
              .thenFn(...trace.does("never"))
              .cancelWhen(() => true),
          )
          .thenFn(...trace.does("d"))
          .compensateWithSequence((c) =>
            c.parallel((p) =>
              p.branch((x) => x.delay("1h").cancelWhen((data) => data.n === 2)).branch((x) => x.thenFn("undo d", () => 2).saveAs("n")),
            ),
          )
          .thenFn(...trace.fails("e")),
      )
      .thenFn(...trace.does("after"))
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);

    expect(trace.lines).toEqual(["a", "b", "c", "d", "e fails", "undo c", "after"]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 1 } });
    expect((await statuses(host, id)).slice(1, 6)).toEqual(["a compensated", "b compensated", "c compensated", "d compensated", "e compensated"]);
  });
});
