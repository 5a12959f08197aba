import { expect, it } from "vitest";
import {
  defineStep,
  ErrorBehavior,
  ExecutionResult,
  type JsonValue,
  type StepBody,
  type StepExecutionContext,
  stepRef,
  WorkflowBuilder,
} from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  n: number;
  seen: string[];
}

const add = (text: string, data: Data): void => void data.seen.push(text);
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();

scenarios("a step as a class", (open) => {
  it("gets its fields from its inputs, in order, and gives them to its outputs, in order", async () => {
    const { host: newHost, clock } = await open();
    class Multiply implements StepBody<Data> {
      static readonly stepType = "multiply";
      left = 1;
      right = 1;
      product = 0;
      run = async (): Promise<ExecutionResult> => {
        await Promise.resolve();
        this.product = this.left * this.right;
        return ExecutionResult.next();
      };
    }
    const definition = w()
      .then(Multiply)
      .input((step, data) => void (step.left = data.n))
      .input((step) => void (step.right = step.left + 1))
      .output((step, data) => void (data.n = step.product))
      .output((step, data) => void data.seen.push(`${step.left} * ${step.right} = ${data.n}`))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const done = host.runWorkflow(definition, { n: 6, seen: [] });
    await clock.settle();

    expect(await done).toEqual({ n: 42, seen: ["6 * 7 = 42"] });
  });

  it("is a fresh object for every run: attempts, runs after a result, iterations, instances", async () => {
    const { host: newHost, clock } = await open();
    const objects = new Set<object>();
    const uses: number[] = [];
    class Counts implements StepBody<Data> {
      used = 0;
      run = (ctx: StepExecutionContext<Data>): ExecutionResult => {
        objects.add(this);
        this.used += 1;
        uses.push(this.used);
        if (ctx.attempt === 1) throw new Error("once");
        return ctx.persistenceData === undefined ? ExecutionResult.persist("again") : ExecutionResult.next();
      };
    }
    const definition = w()
      .defaultErrorBehavior(ErrorBehavior.retry({ interval: 0 }))
      .forEach(
        () => [1, 2],
        (b) => b.then(Counts).output((step, data) => void (data.n += step.used)),
      )
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const done = Promise.all([host.runWorkflow(definition, { n: 0, seen: [] }), host.runWorkflow(definition, { n: 0, seen: [] })]);
    await clock.settle();

    expect((await done).map(({ n }) => n)).toEqual([2, 2]);
    expect(uses).toEqual(Array.from({ length: 12 }, () => 1)); // 2 instances, 2 iterations, 3 runs
    expect(objects.size).toBe(12);
  });

  it("is made by its factory, once for every run, with what the factory gives it", async () => {
    const { host: newHost, clock } = await open();
    class Greet implements StepBody<Data> {
      said = "";
      readonly #greeting: string;
      constructor(greeting: string) {
        this.#greeting = greeting;
      }
      run = (ctx: StepExecutionContext<Data>): ExecutionResult => {
        if (ctx.attempt === 1) throw new Error("once");
        this.said = `${this.#greeting} ${ctx.data.n}`;
        return ExecutionResult.next();
      };
    }
    class ByKey extends Greet {}
    const byReference = stepRef<Greet>("by reference");
    const output = (step: Greet, data: Data): void => add(step.said, data);
    const definition = w()
      .defaultErrorBehavior(ErrorBehavior.retry({ interval: 0 }))
      .then(Greet)
      .output(output)
      .then(ByKey)
      .output(output)
      .then(byReference)
      .output(output)
      .build("w", 1);
    const made: string[] = [];
    const make = (greeting: string) => (): Greet => {
      made.push(greeting);
      return new Greet(greeting);
    };
    const host = await newHost((h) => {
      h.registerStepFactory(Greet, make("class"));
      h.registerStepFactory("ByKey", make("key"));
      h.registerStepFactory(byReference, make("reference"));
      h.registerWorkflowDefinition(definition);
    });

    const done = host.runWorkflow(definition, { n: 5, seen: [] });
    await clock.settle();

    expect((await done).seen).toEqual(["class 5", "key 5", "reference 5"]);
    expect(made).toEqual(["class", "class", "key", "key", "reference", "reference"]);
  });

  it("fails its attempt when its factory throws, or makes something that has no run", async () => {
    const { host: newHost, clock } = await open();
    const refs = ["throws", "object", "nothing"].map((key) => stepRef<StepBody<Data>>(key));
    const made: Record<string, () => never> = {
      throws: () => expect.fail("no connection"),
      object: () => ({}) as never,
      nothing: () => undefined as never,
    };
    const definitions = refs.map((ref) => w().then(ref).onError(ErrorBehavior.suspend()).build(ref.stepType, 1));
    const host = await newHost((h) => {
      for (const ref of refs) h.registerStepFactory(ref, () => made[ref.stepType]?.() as never);
      for (const definition of definitions) h.registerWorkflowDefinition(definition);
    });

    const ids = await Promise.all(definitions.map((definition) => host.startWorkflow(definition, { n: 0, seen: [] })));
    await clock.settle();

    const noRun = expect.stringContaining("without a run method") as string;
    expect(await Promise.all(ids.map(async (id) => (await host.getErrors(id)).map(({ attempt, message }) => [attempt, message])))).toEqual([
      [[1, "no connection"]],
      [[1, noRun]],
      [[1, noRun]],
    ]);
    expect(await Promise.all(ids.map(async (id) => (await host.getWorkflow(id)).status))).toEqual(["suspended", "suspended", "suspended"]);
  });

  it("has finished when it returns nothing, and fails without a retry when it returns something else than a result", async () => {
    const { host: newHost, clock } = await open();
    class Nothing implements StepBody<Data> {
      run: StepBody<Data>["run"] = (() => {}) as never;
    }
    class Something implements StepBody<Data> {
      run: StepBody<Data>["run"] = (() => 5) as never;
    }
    const definition = w().then(Nothing).then(Something).build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { n: 0, seen: [] });
    await clock.settle();

    expect((await host.getHistory(id)).map(({ status }) => status)).toEqual(["complete", "failed"]);
    expect(await host.getErrors(id)).toMatchObject([{ step: "Something", attempt: 1, code: "WFE_STEP_FAILED" }]);
    expect((await host.getWorkflow(id)).status).toBe("suspended");
  });
});

scenarios("a function step", (open) => {
  it("gets the input that each workflow selects for it, out of data and context, and gives a value, a result or nothing", async () => {
    const { host: newHost, clock } = await open();
    const inputs: unknown[] = [];
    const double = defineStep("double", async (input: { readonly of: number; readonly at: number | undefined }) => {
      inputs.push(input);
      await Promise.resolve();
      return { doubled: input.of * 2 };
    });
    const merge = defineStep("merge", (n: number) => ExecutionResult.next({ output: { n } }));
    const nothing = defineStep("nothing", () => {});
    const first = w()
      .then(double, (data) => ({ of: data.n, at: undefined }))
      .output(({ doubled }, data) => void (data.n = doubled))
      .forEach(
        () => [10, 20],
        (b) => b.then(double, (_data, ctx) => ({ of: ctx.item, at: ctx.index })).output(({ doubled }, data) => add(String(doubled), data)),
        { parallel: false },
      )
      .then(nothing)
      .build("first", 1);
    const second = w()
      .then(merge, (data) => data.n + 1)
      .then(double, (data) => ({ of: data.n, at: -1 }))
      .output(({ doubled }, data) => add(String(doubled), data))
      .build("second", 1);
    const host = await newHost((h) => {
      h.registerWorkflowDefinition(first);
      h.registerWorkflowDefinition(second);
    });

    const done = host.runWorkflow(first, { n: 1, seen: [] });
    await clock.settle();
    const other = host.runWorkflow(second, { n: 5, seen: [] });
    await clock.settle();

    expect([await done, await other]).toEqual([
      { n: 2, seen: ["20", "40"] },
      { n: 6, seen: ["12"] },
    ]);
    expect(inputs).toEqual([
      { of: 1, at: undefined },
      { of: 10, at: 0 },
      { of: 20, at: 1 },
      { of: 6, at: -1 },
    ]);
  });

  it("of one use is a thenFn, whose value, of whatever kind, goes to output and saveAs", async () => {
    const { host: newHost, clock } = await open();
    const values: readonly JsonValue[] = [null, false, 0, "", [], {}, [1, [2]], { a: { b: [null] } }];
    const definition = new WorkflowBuilder<{ values: readonly JsonValue[]; saved?: JsonValue; out: JsonValue[] }>()
      .forEach(
        (data) => data.values,
        (b) =>
          b
            .thenFn("value", (ctx) => ctx.item)
            .saveAs("saved")
            .output((value, data) => void data.out.push(value, data.saved ?? null)),
        { parallel: false },
      )
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const done = host.runWorkflow(definition, { values, out: [] });
    await clock.settle();

    expect((await done).out).toEqual(values.flatMap((value) => [value, value]));
  });

  it("that gives nothing, or a result, gives undefined to output, and saveAs takes the field away", async () => {
    const { host: newHost, clock } = await open();
    const given: unknown[] = [];
    const definition = new WorkflowBuilder<{ field?: string }>()
      .thenFn("nothing", () => {})
      .output((value) => void given.push(value))
      .thenFn("promise of nothing", () => Promise.resolve())
      .output((value) => void given.push(value))
      .thenFn("result", () => ExecutionResult.next())
      .output((value) => void given.push(value))
      .thenFn("undefined", () => undefined)
      .saveAs("field")
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const done = host.runWorkflow(definition, { field: "set" });
    await clock.settle();

    expect(await done).toStrictEqual({});
    expect(given).toEqual([undefined, undefined, undefined]);
  });
});
