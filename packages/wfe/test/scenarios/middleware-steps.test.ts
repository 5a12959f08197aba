import { expect, it } from "vitest";
import {
  defineEvent,
  defineStep,
  ErrorBehavior,
  ExecutionResult,
  type Middleware,
  NonRetryableError,
  resultOfValue,
  type StepBody,
  type StepExecutionContext,
  valueOfResult,
  WorkflowBuilder,
} from "../../src/index.ts";
import { registers, scenarios } from "./scenario.ts";

interface Data {
  n: number;
}

const told = defineEvent<number>("told");

/** Notes what it is around, and changes nothing. */
function noting(order: string[], name: string): Middleware {
  return {
    aroundStep: async (ctx, next) => {
      order.push(`${name} into ${ctx.step.name}`);
      const result = await next();
      order.push(`${name} out of ${ctx.step.name}: ${result.kind} ${JSON.stringify(valueOfResult(result))}`);
      return result;
    },
  };
}

/** Adds 1, and says how often one object was run. */
class Add implements StepBody<Data> {
  static made = 0;
  readonly number = ++Add.made;
  runs = 0;
  n = 0;
  sum = 0;
  readonly run = (_ctx: StepExecutionContext<Data>): void => {
    this.runs += 1;
    this.sum = this.n + 1;
  };
}

const adds = new WorkflowBuilder<Data & { number: number; runs: number }>()
  .then(Add)
  .input((step, data) => void (step.n = data.n))
  .output((step, data) => void Object.assign(data, { n: step.sum, number: step.number, runs: step.runs }))
  .build("adds", 1);

const one = new WorkflowBuilder<Data>()
  .thenFn("one", (ctx) => ctx.attempt)
  .saveAs("n")
  .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 1, onExhausted: "suspend" }))
  .build("one", 1);

scenarios("middleware around steps", (open) => {
  it("stands between input and output mappings, the first registered outermost; one may have some of the methods", async () => {
    const order: string[] = [];
    const double = defineStep("double", (input: number) => {
      order.push(`body ${input}`);
      return input * 2;
    });
    const definition = new WorkflowBuilder<Data>()
      .then(double, ({ n }) => {
        order.push("input");
        return n;
      })
      .output((value, data) => {
        order.push("output");
        data.n = value;
      })
      .build("doubles", 1);
    const { host: newHost, use, clock } = await open();
    use(noting(order, "A"), { aroundStart: (_ctx, next) => next() }, noting(order, "B"));
    const host = await newHost(registers(definition));

    const done = host.runWorkflow(definition, { n: 4 });
    await clock.advance("1s");

    expect(await done).toEqual({ n: 8 });
    const inAndOut = ["A into double", "B into double", "body 4", "B out of double: next 8", "A out of double: next 8"];
    expect(order).toEqual(["input", ...inAndOut, "output"]);
  });

  it("runs a class again on a fresh object with its inputs mapped anew, and the result that leaves counts with its object", async () => {
    const { host: newHost, use, clock } = await open();
    use({
      aroundStep: async (_ctx, next) => {
        await next();
        return next();
      },
    });
    const host = await newHost(registers(adds));
    Add.made = 0;

    const done = host.runWorkflow(adds, { n: 1, number: 0, runs: 0 });
    await clock.advance("1s");

    expect(await done).toEqual({ n: 2, number: 2, runs: 1 });
  });

  it("may give a result of its own, and the body does not run: an ExecutionResult, or a value in place of the function's or the object's", async () => {
    const { host: newHost, use, clock } = await open();
    let own = ExecutionResult.next({ output: { n: 7 } }) as ReturnType<typeof resultOfValue>;
    use({ aroundStep: () => Promise.resolve(own) });
    const host = await newHost(registers(adds, one));
    const run = async (definition: typeof adds | typeof one): Promise<unknown> => {
      const done = host.runWorkflow(definition as typeof adds, { n: 1, number: 0, runs: 0 });
      await clock.advance("1s");
      return (await done).n;
    };

    const patched = await run(adds);
    own = resultOfValue({ sum: 40, number: 0, runs: 0 });
    const inPlaceOfTheObject = await run(adds);
    own = resultOfValue(5);
    const inPlaceOfTheValue = await run(one);

    expect([patched, inPlaceOfTheObject, inPlaceOfTheValue]).toEqual([7, 40, 5]);
  });

  it("may change the result, and what cannot be stored is the step's failure", async () => {
    const { host: newHost, use, clock } = await open();
    let change = (value: unknown): unknown => Number(value) + 10;
    use({ aroundStep: async (_ctx, next) => resultOfValue(change(valueOfResult(await next()))) });
    const host = await newHost(registers(one));

    const done = host.runWorkflow(one, { n: 0 });
    await clock.advance("1s");
    change = () => new Date(0);
    const id = await host.startWorkflow(one, { n: 0 });
    await clock.advance("5s");

    expect(await done).toEqual({ n: 11 });
    expect((await host.getErrors(id)).map(({ code }) => code)).toEqual(["WFE_VALUE_NOT_STORABLE"]);
  });

  it("is around compensators, and not around containers, waits, sub-workflows and the engine's steps", async () => {
    const order: string[] = [];
    const child = new WorkflowBuilder<Data>().thenFn("in the child", () => {}).build("child", 1);
    const definition = new WorkflowBuilder<Data>()
      .ifDo(
        () => true,
        (b) =>
          b.saga((s) =>
            s
              .thenFn("book", () => {})
              .compensateWithFn("unbook", () => {})
              .parallel((p) => p.branch((c) => c.waitFor(told, "k")).branch((c) => c.delay("1s").subWorkflow(child, () => ({ n: 0 }))))
              .thenFn("fail", () => {
                throw new NonRetryableError("no");
              })
              .onError(ErrorBehavior.compensate()),
          ),
      )
      .build("outer", 1);
    const { host: newHost, use, clock } = await open();
    use({
      aroundStep: (ctx, next) => (
        order.push(`${ctx.step.name}${ctx.compensates === undefined ? "" : ` for ${ctx.compensates.error.message}`}`), next()
      ),
    });
    const host = await newHost(registers(definition, child));

    await host.startWorkflow(definition, { n: 0 });
    await clock.advance("1s");
    await host.publishEvent(told, "k", 1);
    await clock.advance("5s");

    expect(order).toEqual(["book", "in the child", "fail", "unbook for no"]);
  });

  it("is around each run of a step that persists, sleeps, or is woken, and sees the result of each", async () => {
    const order: string[] = [];
    const results = [ExecutionResult.persist(1), ExecutionResult.sleep("1s", 2), ExecutionResult.waitForEvent(told, "k")];
    const definition = new WorkflowBuilder<Data>()
      .thenFn("many", (ctx) => results[Number(ctx.pointer.attempt) - 1] ?? ExecutionResult.next())
      .build("many", 1);
    const { host: newHost, use, clock } = await open();
    use({
      aroundStep: async (ctx, next) => {
        const result = await next();
        order.push(`${ctx.attempt} ${result.kind} ${JSON.stringify([ctx.persistenceData, ctx.eventData])}`);
        return result;
      },
    });
    const host = await newHost(registers(definition));

    const done = host.runWorkflow(definition, { n: 0 });
    await clock.advance("2s");
    await host.publishEvent(told, "k", 9);
    await clock.advance("1s");

    await done;
    expect(order).toEqual(["1 persist [null,null]", "2 sleep [1,null]", "3 waitForEvent [2,null]", "4 next [2,9]"]);
  });

  it("fails the step with what it throws, before or after the body, and the step's behavior follows", async () => {
    const { host: newHost, use, clock } = await open();
    let bodies = 0;
    const definition = new WorkflowBuilder<Data>()
      .thenFn("fails at first", () => void (bodies += 1))
      .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 3 }))
      .build("fails", 1);
    use({
      aroundStep: async (ctx, next) => {
        if (ctx.attempt === 1) throw new Error("refused");
        const result = await next();
        if (ctx.attempt === 2) throw new Error("not good enough");
        return result;
      },
    });
    const host = await newHost(registers(definition));

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("5s");

    expect((await host.getWorkflow(id)).status).toBe("complete");
    expect((await host.getErrors(id)).map(({ attempt, message }) => `${attempt} ${message}`)).toEqual(["1 refused", "2 not good enough"]);
    expect(bodies).toBe(2);
  });

  it("may try the body again itself, and no failure is recorded", async () => {
    const { host: newHost, use, clock } = await open();
    let bodies = 0;
    const definition = new WorkflowBuilder<Data>()
      .thenFn("fails once", (ctx) => {
        if (++bodies === 1) throw new Error("once");
        return ctx.attempt;
      })
      .saveAs("n")
      .build("fails once", 1);
    use({ aroundStep: (_ctx, run) => run().catch(() => run()) });
    const host = await newHost(registers(definition));

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("1s");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 1 } });
    expect(await host.getErrors(id)).toEqual([]);
    expect(bodies).toBe(2);
  });
});
