// biome-ignore-all format: each mistake is a line, so that its directive stands right above it
import { ExecutionResult, type Middleware, type StepExecutionContext, type StepResult, resultOfValue, valueOfResult, type WorkflowHostBuilder } from "../../src/index.ts";

declare const builder: WorkflowHostBuilder;

// What fits.
builder
  .useMiddleware({ aroundStart: (_ctx, next) => next() })
  .useMiddleware({ aroundStart: async (ctx, next) => { ctx.options = { ...ctx.options, reference: "r" }; return next(); } })
  .useMiddleware({ aroundWorkflow: async ({ workflow, signal }, next) => { signal.throwIfAborted(); void workflow.data; await next(); } })
  .useMiddleware({ aroundStep: async (ctx, next) => { ctx.log.info(ctx.step.name); const result = await next(); void result.kind; void valueOfResult(result); return result; } })
  .useMiddleware({ aroundStep: () => ExecutionResult.next({ output: { n: 1 } }) })
  .useMiddleware({ aroundStep: async () => resultOfValue({ n: 1 }) })
  .useMiddleware({ aroundDelivery: async ({ topics }, next) => { for (const { name, key, eventIds } of topics) void [name, key, eventIds]; for (const id of await next()) void id; } });
class Timed implements Middleware { async aroundStep(_ctx: StepExecutionContext, next: () => Promise<StepResult>): Promise<StepResult> { return next(); } }
builder.useMiddleware(new Timed());

// Mistakes.
// @ts-expect-error no method of it would be called
builder.useMiddleware({ aroundSteps: async () => {} });
// @ts-expect-error a class is no middleware, its objects are
builder.useMiddleware(Timed);
// @ts-expect-error the result is forgotten
builder.useMiddleware({ aroundStep: async (_ctx, next) => { await next(); } });
// @ts-expect-error a value is no result: resultOfValue makes one of it
builder.useMiddleware({ aroundStep: async () => 5 });
// @ts-expect-error the id is forgotten
builder.useMiddleware({ aroundStart: async (_ctx, next) => { await next(); } });
// @ts-expect-error the input is what it is
builder.useMiddleware({ aroundStart: (ctx, next) => { ctx.input = 5; return next(); } });
// @ts-expect-error no such option
builder.useMiddleware({ aroundStart: (ctx, next) => { ctx.options = { refrence: "r" }; return next(); } });
// @ts-expect-error options are replaced, not written into
builder.useMiddleware({ aroundStart: (ctx, next) => { ctx.options.reference = "r"; return next(); } });
// @ts-expect-error a middleware knows no workflow's data
builder.useMiddleware({ aroundStep: (ctx, next) => { void ctx.data.total; return next(); } });
// @ts-expect-error next takes nothing: what it runs with is the engine's
builder.useMiddleware({ aroundStep: (ctx, next) => next(ctx) });
// @ts-expect-error a pass gives nothing
builder.useMiddleware({ aroundWorkflow: (_ctx, next) => next().then(() => 5) });
