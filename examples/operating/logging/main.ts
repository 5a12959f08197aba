import { pino } from "pino";
import { ErrorBehavior, WorkflowBuilder, WorkflowHostBuilder } from "wfe";
import { sqliteProviders } from "wfe-sqlite";
import { pinoLogSink, stepLines } from "./pino-log.ts";

// Steps log through ctx.log, the engine through the same sink; a middleware adds a line for each run of a step.

interface Order {
  total: number;
  tx: string;
}

const order = new WorkflowBuilder<Order>()
  .thenFn("charge", (ctx) => {
    ctx.log.info("asking the bank", { total: ctx.data.total });
    if (ctx.attempt === 1) throw new Error("the bank does not answer");
    return `tx-${ctx.attempt}`;
  })
  .saveAs("tx")
  .onError(ErrorBehavior.retry({ interval: "10ms", maxRetries: 3 }))
  .thenFn("print", (ctx) => ctx.log.stream("stdout", `receipt ${ctx.data.tx}\n`))
  .build("order", 1);

const logger = pino({
  base: null,
  timestamp: false, // only here, so that each run prints the same
  formatters: { level: (level) => ({ level }) },
  serializers: { error: ({ name, message }: Error) => ({ name, message }) }, // pino.stdSerializers.err has the stack, too
});

await using host = new WorkflowHostBuilder()
  .useProviders(sqliteProviders({ path: ":memory:" }))
  .useLogSink(pinoLogSink(logger))
  .useMiddleware(stepLines(logger))
  .build();
host.registerWorkflowDefinition(order);
await host.start();
await host.waitForWorkflow(await host.startWorkflow(order, { total: 20, tx: "" }, { id: "order-1" }));
