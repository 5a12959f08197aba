import { defineEvent, ExecutionResult, type StepBody, type StepExecutionContext, WorkflowBuilder, WorkflowHostBuilder } from "wfe";
import { sqliteProviders } from "wfe-sqlite";

// A price list is imported page by page from a supplier who is slow at times; odd prices are looked at one by one, then somebody signs.

/** What the steps are given by the application. */
interface Supplier {
  /** @returns The prices of a page, `"busy"`, or nothing behind the last page. */
  page(number: number): readonly number[] | "busy" | undefined;
}

interface Import {
  id: string;
  prices: number[];
  odd: number[];
  state: string;
}

const decided = defineEvent<"yes" | "no">("decided");

/** How far the import has come: a type, so that it is JSON to the compiler too. */
type Cursor = { page: number; prices: number[] };

/** Reads one page in each run. What it has is stored after each page, so a crash costs one page and not the list. */
class ReadPages implements StepBody<Import> {
  static readonly stepType = "read-pages";
  prices: number[] = [];
  readonly #supplier: Supplier;

  constructor(supplier: Supplier) {
    this.#supplier = supplier;
  }

  run = (ctx: StepExecutionContext<Import>): ExecutionResult => {
    const { page, prices } = (ctx.persistenceData ?? { page: 1, prices: [] }) as Cursor; // this step alone writes it
    const answer = this.#supplier.page(page);
    if (answer === "busy") {
      console.log(`page ${page}: busy, asleep`);
      return ExecutionResult.sleep("5ms"); // the state stays as it is
    }
    if (answer === undefined) {
      this.prices = prices;
      return ExecutionResult.next();
    }
    console.log(`page ${page}: ${answer.length} prices (run ${ctx.attempt})`);
    return ExecutionResult.persist({ page: page + 1, prices: [...prices, ...answer] });
  };
}

/** Runs its children once for each odd price, then itself again, because it gave a state. */
class LookAtOddPrices implements StepBody<Import> {
  limit = 0;
  run = (ctx: StepExecutionContext<Import>): ExecutionResult => {
    if (ctx.persistenceData === "looked at") {
      console.log(`odd prices: ${ctx.data.odd.join(", ")}`);
      return ExecutionResult.next();
    }
    return ExecutionResult.branch(
      ctx.data.prices.filter((price) => price > this.limit),
      "looked at",
    );
  };
}

/** Waits for a decision, and has an outcome whose values the compiler knows. */
class AskForSignature implements StepBody<Import> {
  run = (ctx: StepExecutionContext<Import>): ExecutionResult<"signed" | "refused"> => {
    if (ctx.eventData === undefined) {
      console.log("waiting for a signature");
      return ExecutionResult.waitForEvent(decided, ctx.data.id);
    }
    return ExecutionResult.outcome(ctx.eventData === "yes" ? "signed" : "refused");
  };
}

const importPrices = new WorkflowBuilder<Import>()
  .initialData((id: string): Import => ({ id, prices: [], odd: [], state: "new" }))
  .then(ReadPages)
  .output((step, data) => {
    data.prices = step.prices;
  })
  .then(LookAtOddPrices)
  .input((step) => {
    step.limit = 100;
  })
  .children((b) =>
    b
      .thenFn("look at", (ctx) => Number(ctx.item))
      .output((price, data) => {
        data.odd.push(price);
      }),
  )
  .then(AskForSignature)
  .onOutcome("signed", (b) => b.thenFn("publish", (ctx) => `published ${ctx.data.prices.length} prices`).saveAs("state"))
  .onOutcome("refused", (b) => b.thenFn("throw away", () => "thrown away").saveAs("state"))
  .build("import-prices", 1);

/** Busy once, before its second page. */
class SlowSupplier implements Supplier {
  readonly #pages: readonly (readonly number[])[] = [[10, 20, 999], [30], [500, 40]];
  #rested = false;

  page(number: number): readonly number[] | "busy" | undefined {
    if (number !== 2 || this.#rested) return this.#pages[number - 1];
    this.#rested = true;
    return "busy";
  }
}

await using host = new WorkflowHostBuilder().useProviders(sqliteProviders({ path: ":memory:" })).build();
const supplier = new SlowSupplier();
// A fresh object for each run. Classes without constructor parameters need no factory.
host.registerStepFactory(ReadPages, () => new ReadPages(supplier));
host.registerWorkflowDefinition(importPrices);
await host.start();

const id = await host.startWorkflow(importPrices, "march");
await host.publishEvent(decided, "march", "yes");
const { data } = await host.waitForWorkflow(id);
console.log(data.state);
