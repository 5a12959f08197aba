import { ErrorBehavior, ExecutionResult, type StepBody, type StepExecutionContext, WorkflowBuilder, WorkflowHostBuilder } from "wfe";
import { sqliteProviders } from "wfe-sqlite";

// A trip is booked with several firms, none of which knows of the others: what is booked is given back when the rest cannot be had.

interface Trip {
  traveler: string;
  credit: number;
  /** How often the insurer refuses. */
  refusals: number;
  seat: string;
  car: string;
  room: string;
}

function say(text: string): void {
  console.log(`  ${text}`);
}

/** Compensators are steps like all others: functions, classes, or whole chains. */
class ReturnCar implements StepBody<Trip> {
  car = "";
  run = (ctx: StepExecutionContext<Trip>): ExecutionResult => {
    say(`${this.car} returned: ${ctx.compensates?.error.message}`);
    return ExecutionResult.next();
  };
}

const trip = new WorkflowBuilder<Trip>()
  .initialData((start: Pick<Trip, "traveler" | "credit" | "refusals">): Trip => ({ ...start, seat: "", car: "", room: "" }))
  .saga((all) =>
    all
      .thenFn("book a seat", (ctx) => {
        say("seat booked");
        return `seat of ${ctx.data.traveler}`;
      })
      .saveAs("seat")
      .compensateWithFn("cancel the seat", (ctx) => say(`${ctx.data.seat} cancelled`))

      // A saga within: nice to have, so it is tried twice, and the trip goes on without it.
      .saga((car) =>
        car
          .thenFn("reserve a car", () => {
            say("car reserved");
            return "car";
          })
          .saveAs("car")
          .compensateWith(ReturnCar, (c) =>
            c
              .input((step, data) => {
                step.car = data.car;
              })
              .output((_, data) => {
                data.car = "";
                data.refusals -= 1;
              }),
          )
          .thenFn("insure it", (ctx) => {
            if (ctx.data.refusals > 0) throw new Error("no insurance");
            say("car insured");
          }),
      )
      .onError(ErrorBehavior.retry({ interval: 1, maxRetries: 1 }))

      .thenFn("reserve a room", () => {
        say("room reserved");
        return "room 12";
      })
      .saveAs("room")
      .compensateWithSequence((undo) =>
        undo
          .thenFn("cancel the room", (ctx) => say(`${ctx.data.room} cancelled`))
          .delay("5ms")
          .thenFn("ask for the deposit", () => say("deposit of the room is back")),
      )
      .thenFn("pay", (ctx) => {
        if (ctx.data.credit < 100) throw new Error("the card was refused");
        say("paid");
      }),
  )
  // Of the whole, and last.
  .compensateWithFn("apologize", (ctx) => say(`sorry, ${ctx.data.traveler}: ${ctx.compensates?.error.message}`))
  // However the saga ended, the flow goes on behind it.
  .thenFn("file", () => say("filed"))
  .build("trip", 1);

await using host = new WorkflowHostBuilder().useProviders(sqliteProviders({ path: ":memory:" })).build();
host.registerWorkflowDefinition(trip);
await host.start();

for (const start of [
  { traveler: "Ann", credit: 500, refusals: 1 },
  { traveler: "Bob", credit: 500, refusals: 2 },
  { traveler: "Cleo", credit: 5, refusals: 0 },
]) {
  console.log(`${start.traveler}'s trip`);
  const id = await host.startWorkflow(trip, start);
  const { status, data, error } = await host.waitForWorkflow(id);
  const undone = (await host.getHistory(id)).filter((pointer) => pointer.status === "compensated").map(({ stepName }) => stepName);
  console.log(`  = ${status}; car: ${data.car || "none"}; error: ${error?.message ?? "none"}; compensated: ${undone.join(", ") || "nothing"}`);
}
