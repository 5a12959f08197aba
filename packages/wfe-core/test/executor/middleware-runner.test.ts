import { describe, expect, it } from "vitest";
import { MiddlewareRunner } from "../../src/executor/middleware-runner.ts";
import { ExecutionResult, resultOfValue } from "../../src/models/execution-result.ts";
import type { Middleware, StartContext, StepResult } from "../../src/traits/middleware.ts";
import type { StepExecutionContext } from "../../src/traits/step-execution-context.ts";

const noWarning = (message: string): never => {
  throw new Error(message);
};
const ctx = {} as StepExecutionContext; // no layer here looks at it
const step = (...middleware: readonly Middleware[]): ((core: () => Promise<StepResult>) => Promise<StepResult> | undefined) => {
  const { aroundStep } = new MiddlewareRunner(middleware, noWarning);
  return (core) => aroundStep?.(ctx, core);
};

describe("MiddlewareRunner", () => {
  it("has an onion for the methods that somebody has, and none for the others: what is not there costs nothing", () => {
    const { aroundStart, aroundWorkflow, aroundStep, aroundDelivery } = new MiddlewareRunner(
      [{}, { aroundStart: (_ctx, next) => next() }],
      noWarning,
    );
    const none = new MiddlewareRunner([], noWarning);

    expect([typeof aroundStart, aroundWorkflow, aroundStep, aroundDelivery]).toEqual(["function", undefined, undefined, undefined]);
    expect([none.aroundStart, none.aroundWorkflow, none.aroundStep, none.aroundDelivery]).toEqual([undefined, undefined, undefined, undefined]);
  });

  it("calls methods on their object, and takes those of its class", async () => {
    class Counting implements Middleware {
      #runs = 0;
      async aroundStep(_ctx: StepExecutionContext, next: () => Promise<StepResult>): Promise<StepResult> {
        this.#runs += 1;
        await next();
        return resultOfValue(this.#runs);
      }
    }
    const run = step(new Counting());
    const core = async (): Promise<StepResult> => Promise.resolve(ExecutionResult.next());

    const results = [await run(core), await run(core)];

    expect(results).toEqual([resultOfValue(1), resultOfValue(2)]);
  });

  it("makes a rejection of what a layer throws at once", async () => {
    const error = new Error("at once");
    const run = step({
      aroundStep: () => {
        throw error;
      },
    });

    await expect(run(noWarning as never)).rejects.toBe(error);
  });

  it("lets outer layers deal with the failures of inner ones", async () => {
    const run = step(
      { aroundStep: (_ctx, next) => next().catch(() => resultOfValue("mended")) },
      { aroundStep: () => Promise.reject(new Error("inner")) },
    );

    expect(await run(noWarning as never)).toEqual(resultOfValue("mended"));
  });

  it("names a layer by its place and its class", async () => {
    class Broken implements Middleware {
      aroundStart(): never {
        return 5 as never;
      }
    }
    const { aroundStart } = new MiddlewareRunner([{ aroundStart: (_ctx, next) => next() }, new Broken()], noWarning);

    await expect(aroundStart?.({} as StartContext, noWarning as never)).rejects.toThrow(
      "aroundStart of the middleware Broken (number 2) must return the id of a workflow: got number",
    );
  });
});
