import { expect, it } from "vitest";
import { ErrorBehavior, type JsonValue, LockError, NonRetryableError, WfeError, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Count {
  n: number;
}

/** Throws this in every attempt; one retry. */
function throwing(thrown: unknown): WorkflowDefinition<Count> {
  return new WorkflowBuilder<Count>()
    .thenFn("throws", () => {
      throw thrown;
    })
    .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 1 }))
    .build("w", 1);
}

/** An object that throws whenever it is looked at. */
const hostile: unknown = new Proxy(
  {},
  {
    get: () => {
      throw new Error("do not touch");
    },
    getPrototypeOf: () => {
      throw new Error("do not touch");
    },
  },
);

const getters: unknown = Object.defineProperties(
  {},
  Object.fromEntries(
    ["message", "name", "stack", "code", "toString"].map((key) => [
      key,
      {
        get: () => {
          throw new Error("do not touch");
        },
      },
    ]),
  ),
);

class OutOfStock extends WfeError {
  override readonly name = "OutOfStock";
}

scenarios("the record of a failed attempt", (open) => {
  it("is one for each attempt, retried or not, with everything that is known of it", async () => {
    const { host: newHost, clock } = await open();
    const thrown: Error[] = [];
    const definition = new WorkflowBuilder<Count>()
      .thenFn("works", () => {})
      .thenFn("charges", (ctx) => {
        if (ctx.attempt > 3) return;
        const error = new RangeError(`declined #${ctx.attempt}`);
        thrown.push(error);
        throw error;
      })
      .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 3 }))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const began = clock.now();

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("5s");

    const [pointer] = (await host.getHistory(id)).filter(({ stepName }) => stepName === "charges");
    expect(await host.getErrors(id)).toEqual(
      [1, 2, 3].map((attempt) => ({
        workflowId: id,
        pointerId: pointer?.id,
        step: "charges",
        attempt,
        at: new Date(began + (attempt - 1) * 1_000),
        code: "WFE_STEP_FAILED",
        message: `declined #${attempt}`,
        stack: thrown[attempt - 1]?.stack,
      })),
    );
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });

  it.each<[string, unknown, string]>([
    ["null", null, "null"],
    ["undefined", undefined, "undefined"],
    ["a string", "no money", "no money"],
    ["an empty string", "", '""'],
    ["a number", 0, "0"],
    ["NaN", Number.NaN, "NaN"],
    ["false", false, "false"],
    ["a bigint", 7n, "7"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["a function", () => 1, "() => 1"],
    ["an object", { a: 1 }, "[object Object]"],
    ["an object without a prototype", Object.create(null), "a value that cannot be shown"],
    ["an object with getters that throw", getters, "a value that cannot be shown"],
    [
      "an error with getters that throw",
      Object.create(new Error("x"), { message: { get: () => expect.fail("touched") } }),
      "a value that cannot be shown",
    ],
    ["a proxy that throws", hostile, "a value that cannot be shown"],
    ["an object with a then", { then: () => {} }, "[object Object]"], // oxlint-disable-line unicorn/no-thenable -- thrown on purpose
    ["an error without a message", new TypeError(""), "TypeError"],
    ["an error with neither message nor name", Object.assign(new Error(""), { name: "" }), "Error"],
    ["a frozen error", Object.freeze(new Error("frozen")), "frozen"],
    ["an error with a message of blanks", new Error("  "), "  "],
    ["an error with a message of many lines and characters", new Error("línea 1\nline 2 \u0000 🙂"), "línea 1\nline 2 \u0000 🙂"],
    ["an error with a very long message", new Error("x".repeat(300_000)), "x".repeat(300_000)],
  ])("tells of %s, which is retried like any other", async (_, thrown, message) => {
    const { host: newHost, warnings, clock } = await open();
    const definition = throwing(thrown);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("5s");

    expect((await host.getErrors(id)).map((record) => [record.attempt, record.code, record.message])).toEqual([
      [1, "WFE_STEP_FAILED", message],
      [2, "WFE_STEP_FAILED", message],
    ]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { code: "WFE_STEP_FAILED", message } });
    expect(warnings).toEqual([]);
  });

  it("has a stack exactly when there is one", async () => {
    const { host: newHost, clock } = await open();
    const withStack = new Error("with");
    const withoutStack = new Error("without");
    delete withoutStack.stack;
    const stacks = [];

    for (const [index, thrown] of ([withStack, withoutStack, "text", { stack: "not an error's" }] as readonly unknown[]).entries()) {
      const definition = new WorkflowBuilder<Count>()
        .thenFn("throws", () => {
          throw thrown;
        })
        .onError(ErrorBehavior.suspend())
        .build(`w${index}`, 1);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const id = await host.startWorkflow(definition, { n: 0 });
      await clock.settle();
      stacks.push(...(await host.getErrors(id)).map((record) => ("stack" in record ? record.stack : "none")));
    }

    expect(stacks).toEqual([withStack.stack, "none", "none", "none"]);
  });

  it("tells of a rejected promise as of a throw, whatever it was rejected with", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Count>()
      .thenFn("rejects", (ctx) => {
        const reasons: readonly unknown[] = [new Error("first"), "second", undefined];
        return Promise.reject(reasons[ctx.attempt - 1] as Error);
      })
      .onError(ErrorBehavior.retry({ interval: 0, maxRetries: 2 }))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.settle();

    expect((await host.getErrors(id)).map(({ message }) => message)).toEqual(["first", "second", "undefined"]);
  });

  it.each<[string, Error, string]>([
    ["of an error of the engine", new LockError("away", { retryable: true }), "WFE_LOCK_BACKEND"],
    ["of a subclass", new OutOfStock("WFE_INPUT_INVALID", "none left"), "WFE_INPUT_INVALID"],
    [
      "of an error that another copy of the package has made",
      Object.defineProperty(Object.assign(new Error("foreign"), { code: "WFE_STORE_FULL" }), Symbol.for("wfe.error"), { value: true }),
      "WFE_STORE_FULL",
    ],
    ["but not that of an error of anybody else's", Object.assign(new Error("refused"), { code: "ECONNREFUSED" }), "WFE_STEP_FAILED"],
  ])("keeps the code %s", async (_, thrown, code) => {
    const { host: newHost, record, clock } = await open();
    const definition = throwing(thrown);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const events = record(host);

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("5s");

    expect((await host.getErrors(id)).map((error) => [error.code, error.message])).toEqual([
      [code, thrown.message],
      [code, thrown.message],
    ]);
    expect((await host.getWorkflow(id)).error).toEqual({ code, message: thrown.message });
    expect(events.filter(({ type }) => type === "error")).toMatchObject(
      [1, 2].map((attempt) => ({ attempt, error: { code, message: thrown.message } })),
    );
  });

  it("has the data of a NonRetryableError, and what is wrong with data that cannot be stored", async () => {
    const { host: newHost, clock } = await open();
    const recorded: (JsonValue | undefined)[] = [];

    for (const [index, data] of [{ codes: [51, null] }, { at: new Date(0) } as unknown as JsonValue].entries()) {
      const definition = new WorkflowBuilder<Count>()
        .thenFn("throws", () => {
          throw new NonRetryableError("declined", { data });
        })
        .build(`w${index}`, 1);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const id = await host.startWorkflow(definition, { n: 0 });
      await clock.settle();
      const [first] = await host.getErrors(id);
      expect((await host.getWorkflow(id)).error?.data).toEqual(first?.data);
      recorded.push(first?.data);
    }

    expect(recorded).toEqual([{ codes: [51, null] }, expect.stringContaining("at is a Date")]);
  });

  it("stands among the others of the instance in the order in which they were processed", async () => {
    const { host: newHost, clock } = await open();
    const pause = (ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));
    const definition = new WorkflowBuilder<Count>()
      .forEach(
        () => [30, 10, 20],
        (b) =>
          b
            .thenFn("fails", async (ctx) => {
              await pause(ctx.item);
              throw new Error(`${ctx.index} #${ctx.attempt}`);
            })
            .onError(ErrorBehavior.retry({ interval: 1, maxRetries: 1 })),
      )
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("1m");

    expect((await host.getErrors(id)).map(({ message }) => message)).toEqual(["1 #1", "2 #1", "1 #2", "0 #1"]);
  });
});
