import {
  type ActivityDefinition,
  type AnyDefinition,
  type EventDefinition,
  defineActivity,
  defineEvent,
  ErrorBehavior,
  WorkflowBuilder,
  type WorkflowDefinition,
} from "wfe";

/** What outside workers are asked for. */
export const approval: ActivityDefinition<{ order: string }, { by: string }> = defineActivity<{ order: string }, { by: string }>("approval");
export const paid: EventDefinition<number> = defineEvent<number>("paid");

export interface Order {
  order: string;
  /** Whether its last step fails for good, so that all is undone. */
  fails: boolean;
  label: string;
  approvedBy: string;
  paid: number;
}

/** Orders that use a saga, a sub-workflow, an activity, an event, a fork and a pause; and the sub-workflow. */
export function orders(ran: (line: string) => void): { readonly order: WorkflowDefinition<Order>; readonly all: readonly AnyDefinition[] } {
  const shipping = new WorkflowBuilder<{ order: string; label: string }>()
    .thenFn("print", (ctx) => `label of ${ctx.data.order}`)
    .saveAs("label")
    .delay("5ms")
    .build("shipping", 1);
  const tell =
    (what: string) =>
    (ctx: { readonly data: Readonly<Order> }): void =>
      ran(`${ctx.data.order} ${what}`);
  const order = new WorkflowBuilder<Order>()
    .saga((b) =>
      b
        .thenFn("reserve", tell("reserve"))
        .compensateWithFn("release", tell("release"))
        .parallel((p) =>
          p
            .branch((c) =>
              c
                .subWorkflow(shipping, (data) => ({ order: data.order, label: "" }))
                .output((child, data) => void (data.label = child.label))
                .compensateWithFn("call back", tell("call back")),
            )
            .branch((c) => c.activity(approval, (data) => ({ order: data.order })).output((answer, data) => void (data.approvedBy = answer.by))),
        )
        .waitFor(paid, (data) => data.order)
        .saveAs("paid")
        .thenFn("charge", tell("charge"))
        .compensateWithFn("refund", tell("refund"))
        .schedule("1ms", (c) => c.thenFn("remind", tell("remind")))
        .delay("5ms")
        .thenFn("hand over", (ctx) => {
          if (ctx.data.fails) throw new Error("nobody at home");
        })
        .onError(ErrorBehavior.compensate()),
    )
    .thenFn("close", tell("close"))
    .build("order", 1);
  return { order, all: [order, shipping] as readonly AnyDefinition[] };
}
