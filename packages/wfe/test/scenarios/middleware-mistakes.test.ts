import { expect, it } from "vitest";
import {
  CancelledError,
  ErrorBehavior,
  type Middleware,
  resultOfValue,
  type StepResult,
  TimeoutError,
  WorkflowBuilder,
  WorkflowHostBuilder,
} from "../../src/index.ts";
import { LosableLocks } from "../losable-locks.ts";
import { registers, scenarios } from "./scenario.ts";

interface Data {
  n: number;
}

/** One step that takes its attempt, after a limit of 5 seconds; twice tried. */
function limited(body: (attempt: number) => void = () => {}) {
  return new WorkflowBuilder<Data>()
    .thenFn("limited", (ctx) => {
      body(ctx.attempt);
      return ctx.attempt;
    })
    .saveAs("n")
    .timeout("5s")
    .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 1, onExhausted: "suspend" }))
    .build("limited", 1);
}

const never = new Promise<never>(() => {});

/** A middleware that stands still in its first runs, before or behind the body, and keeps what its signal says and what a late `next` gives. */
class Standing implements Middleware {
  readonly heard: unknown[] = [];
  readonly late: unknown[] = [];
  readonly #where: "before" | "behind";
  readonly #attempts: number;

  constructor(where: "before" | "behind", attempts = 1) {
    this.#where = where;
    this.#attempts = attempts;
  }

  readonly aroundStep: NonNullable<Middleware["aroundStep"]> = async (ctx, next) => {
    if (ctx.attempt > this.#attempts) return next();
    if (this.#where === "behind") await next();
    await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
    this.heard.push(ctx.signal.reason);
    return next().catch((error: unknown) => {
      this.late.push(error);
      return never;
    });
  };
}

scenarios("a middleware around steps", (open) => {
  it.each(["before", "behind"] as const)("that hangs %s the body ends with the step's timeout, and starts nothing late", async (where) => {
    const attempts: number[] = [];
    const definition = limited((attempt) => void attempts.push(attempt));
    const { host: newHost, use, clock } = await open();
    const middleware = new Standing(where);
    use(middleware);
    const host = await newHost(registers(definition));

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("20s");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 2 } });
    expect((await host.getErrors(id)).map(({ code }) => code)).toEqual(["WFE_TIMEOUT"]);
    expect(attempts).toEqual(where === "before" ? [2] : [1, 2]);
    expect(middleware.heard).toEqual([expect.any(TimeoutError)]);
    expect(middleware.late).toEqual(middleware.heard);
  });

  it.each(["before", "behind"] as const)("hears %s the body that the workflow was terminated, and what comes of it is dropped", async (where) => {
    const definition = limited();
    const { host: newHost, use, clock } = await open();
    const middleware = new Standing(where);
    use(middleware);
    const host = await newHost(registers(definition));
    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("1s");

    await host.terminateWorkflow(id);
    await clock.advance("20s");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "terminated", data: { n: 0 } });
    expect(middleware.heard).toEqual([expect.objectContaining({ code: "WFE_CANCELLED", reason: "terminated" })]);
    expect(await host.getErrors(id)).toEqual([]);
  });

  it("is left behind by stop when its time is up; the step runs again with the next host, and no crash is counted", async () => {
    const definition = limited();
    const { host: newHost, use, clock } = await open();
    const middleware = new Standing("before");
    use(middleware);
    const host = await newHost(registers(definition), { maxCrashes: 1 });
    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("1s");

    const stopped = host.stop({ timeout: "2s" });
    await clock.advance("3s");
    await stopped;
    const next = await newHost(registers(definition), { maxCrashes: 1 });
    await clock.advance("1s");

    expect(await next.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 2 } });
    expect(middleware.heard).toEqual([expect.objectContaining({ reason: "shutdown" })]);
    expect(await next.getErrors(id)).toEqual([]);
  });

  it("hears that the lease is lost, and what it gives then is dropped", async () => {
    const definition = limited();
    const { build, store, use, clock } = await open();
    const { locks, ...others } = store.open();
    const losable = new LosableLocks(locks, clock);
    const middleware = new Standing("behind");
    use(middleware);
    const host = build(registers(definition), { lockTtl: "3s", sweepInterval: "1h" }, { ...others, locks: losable });
    await host.start();
    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("1500ms");

    await losable.loseAll();
    await clock.advance("3s");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 2 } });
    expect(middleware.heard).toEqual([expect.objectContaining({ reason: "leaseLost" })]);
  });

  it("that does not wait for the body has its own result counted, and the body hears that it is called off", async () => {
    let heard: unknown;
    const definition = new WorkflowBuilder<Data>()
      .thenFn("slow", async (ctx) => {
        await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
        heard = ctx.signal.reason;
        throw new Error("nobody hears this");
      })
      .output((value: unknown, data: Data) => void (data.n = Number(value)))
      .build("slow", 1);
    const { host: newHost, use, clock } = await open();
    use({
      aroundStep: async (_ctx, next) => {
        void next();
        return Promise.resolve(resultOfValue(3));
      },
    });
    const host = await newHost(registers(definition));

    const done = host.runWorkflow(definition, { n: 0 });
    await clock.advance("1s");

    expect(await done).toEqual({ n: 3 });
    expect(heard).toEqual(new CancelledError("cancelled"));
  });

  it.each([undefined, null, 7, {}, { kind: "next" }])(
    "that returns %j fails the step with an error that names it, and is not tried again",
    async (returned) => {
      const definition = limited();
      const { host: newHost, use, clock } = await open();
      use({ aroundStart: (_ctx, next) => next() }, { aroundStep: () => returned as unknown as Promise<StepResult> });
      const host = await newHost(registers(definition));

      const id = await host.startWorkflow(definition, { n: 0 });
      await clock.advance("10s");

      expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { code: "WFE_MIDDLEWARE_INVALID" } });
      const got = returned === null ? "null" : typeof returned;
      expect((await host.getErrors(id)).map(({ message }) => message)).toEqual([
        `aroundStep of the middleware number 2 must return what next() gave, or another ExecutionResult: got ${got}`,
      ]);
    },
  );

  it("that calls next when it has returned gets an error, which is logged too, and the body does not run", async () => {
    let bodies = 0;
    const definition = limited(() => void (bodies += 1));
    const late: unknown[] = [];
    class Late implements Middleware {
      readonly aroundStep: NonNullable<Middleware["aroundStep"]> = (_ctx, next) => {
        clock.setTimer(1_000, () => void next().catch((error: unknown) => late.push(error)));
        return resultOfValue(0);
      };
    }
    const { host: newHost, use, clock, warnings } = await open();
    use(new Late());
    const host = await newHost(registers(definition));

    await host.startWorkflow(definition, { n: 0 });
    await clock.advance("5s");

    const message =
      "aroundStep of the middleware Late (number 1) has called next() after its own promise had settled: await next() before you return";
    expect(late).toEqual([expect.objectContaining({ code: "WFE_MIDDLEWARE_INVALID", message })]);
    expect(warnings.map((entry) => entry.message)).toEqual([message]);
    expect(bodies).toBe(0);
  });
});

it.each([undefined, null, 5, {}, { aroundSteps: () => {} }, { aroundStep: 5 }])("a builder refuses %j as a middleware", (middleware) => {
  expect(() => new WorkflowHostBuilder().useMiddleware(middleware as Middleware)).toThrow(TypeError);
});
