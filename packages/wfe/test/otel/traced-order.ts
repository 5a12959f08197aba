import { trace } from "@opentelemetry/api";
import {
  defineEvent,
  ErrorBehavior,
  type EventDefinition,
  type HostOptions,
  WorkflowBuilder,
  type WorkflowDefinition,
  type WorkflowHost,
} from "../../src/index.ts";
import type { VirtualClock } from "../../src/test-support/index.ts";

/** An order, with what its steps have done. */
export interface Order {
  readonly id: string;
  readonly done: string[];
}

/** Says that an order was checked. */
const checked: EventDefinition<boolean> = defineEvent<boolean>("checked");

/** The sub-workflow that packs an order. */
const packing: WorkflowDefinition<Order> = new WorkflowBuilder<Order>().thenFn("pack", () => undefined).build("packing", 1);

/** A span of the application's own, as an instrumented client makes one for each request. */
function request(name: string): void {
  trace.getTracer("of the application").startSpan(name).end();
}

/** Is charged, waits for a day, is checked and packed, cannot be shipped, and is refunded. */
const ordering: WorkflowDefinition<Order> = new WorkflowBuilder<Order>()
  .saga((b) =>
    b
      .thenFn("charge", (ctx) => {
        if (ctx.attempt === 1) throw new Error("the bank is busy");
        request("POST /charges");
      })
      .onError(ErrorBehavior.retry({ interval: "10s" }))
      .compensateWithFn("refund", () => request("POST /refunds"))
      .delay("1d")
      .waitFor(checked, (data) => data.id)
      .subWorkflow(packing, (data) => data)
      .thenFn("ship", () => {
        throw new TypeError("no such address");
      })
      .onError(ErrorBehavior.compensate()),
  )
  .thenFn("report", () => undefined)
  .build("ordering", 1);

/**
 * An order that sleeps, moves to another host, and is refunded.
 *
 * @param newHost - Another host on the same store, started.
 * @returns The other host, and the id of the workflow, which is over.
 */
export async function runOrder(
  newHost: (setUp: (host: WorkflowHost) => void, options: HostOptions) => Promise<WorkflowHost>,
  clock: VirtualClock,
): Promise<readonly [WorkflowHost, string]> {
  const setUp = (host: WorkflowHost): void => [ordering, packing].forEach((definition) => host.registerWorkflowDefinition(definition));
  const options = { sweepInterval: "1h", takeOverInterval: "1h" } as const; // a day of looks each second would take long
  const first = await newHost(setUp, options);
  const id = await first.startWorkflow(ordering, { id: "7", done: [] });
  await clock.advance("1m");
  await first.stop();
  const second = await newHost(setUp, options);
  await clock.advance("2d");
  await second.publishEvent(checked, "7", true);
  await clock.advance("1m");
  return [second, id];
}
