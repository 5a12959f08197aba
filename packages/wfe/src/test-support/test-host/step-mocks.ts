import { type Middleware, resultBody, resultOfValue, type StepExecutionContext, type StepResult } from "wfe-core";

/**
 * What runs in place of a body. Gives what the body would give: the value of a function, an `ExecutionResult`, or for a class an object with the fields that
 * its output mappings read. What it throws is the step's failure.
 */
export type MockBody = (ctx: StepExecutionContext) => unknown;

/** A step that is mocked. */
export interface StepMock {
  /** The context of each run so far, in order of their starts. */
  readonly calls: readonly StepExecutionContext[];
  /** The body of the step runs again from now on. */
  restore(): void;
}

/** Runs mocks in place of the bodies of steps, found by the step's name. */
export class StepMocks implements Middleware {
  readonly #mocks = new Map<string, { readonly body: MockBody; readonly calls: StepExecutionContext[] }>();

  /** In place of an earlier mock of the same step. */
  add(step: string, body: MockBody): StepMock {
    const mock = { body, calls: [] };
    this.#mocks.set(step, mock);
    return {
      calls: mock.calls,
      restore: () => {
        if (this.#mocks.get(step) === mock) this.#mocks.delete(step);
      },
    };
  }

  has(step: string): boolean {
    return this.#mocks.has(step);
  }

  async aroundStep(ctx: StepExecutionContext, next: () => Promise<StepResult>): Promise<StepResult> {
    const mock = this.#mocks.get(ctx.step.name);
    if (mock === undefined) return next();
    mock.calls.push(ctx);
    const given = await mock.body(ctx);
    return resultBody(given) === undefined ? resultOfValue(given) : (given as StepResult); // it is one
  }
}

/** Stands for a step class that cannot be made in a test, since all its steps are mocked. */
export class MockedStep {
  run(): never {
    throw new Error("the mock of this step was restored, and its class has no factory: give it one with registerStepFactory in setUp");
  }
}
