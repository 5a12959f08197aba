import { defineEvent, ErrorBehavior, type EventDefinition, ExecutionResult, WorkflowBuilder, type WorkflowDefinition } from "wfe";

export interface Order {
  readonly id: string;
  readonly cents: number;
  chargeId?: string;
  tracking?: string;
}

/** What the warehouse says when a parcel has left. */
export const packed: EventDefinition<{ readonly parcels: number }> = defineEvent<{ readonly parcels: number }>("packed");

/** The courier's service; in production a client of its API. */
export interface Courier {
  send(orderId: string): Promise<string>;
}

/** A step with a dependency: production gives it one with `registerStepFactory`. */
export class Ship {
  readonly #courier: Courier;
  orderId = "";
  tracking = "";

  constructor(courier: Courier) {
    this.#courier = courier;
  }

  async run(): Promise<ExecutionResult> {
    this.tracking = await this.#courier.send(this.orderId);
    return ExecutionResult.next();
  }
}

export const order: WorkflowDefinition<Order> = new WorkflowBuilder<Order>()
  .thenFn("charge", async (ctx) => {
    const response = await fetch("https://bank.example/charges", { method: "POST", headers: { "idempotency-key": ctx.idempotencyKey } });
    return ((await response.json()) as { readonly id: string }).id;
  })
  .saveAs("chargeId")
  .onError(ErrorBehavior.retry({ interval: "1m", maxRetries: 2 }))
  .waitFor(packed, (data) => data.id)
  .then(Ship)
  .name("ship")
  .input((step, data) => {
    step.orderId = data.id;
  })
  .output((step, data) => {
    data.tracking = step.tracking;
  })
  .delay("14d")
  .thenFn("ask for a review", () => {})
  .build("order", 1);
