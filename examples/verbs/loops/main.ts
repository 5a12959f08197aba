import { setTimeout as sleep } from "node:timers/promises";
import { type BranchBuilder, type Chain, WorkflowBuilder, WorkflowHostBuilder } from "wfe";
import { sqliteProviders } from "wfe-sqlite";

// An order of several items: all are picked at once, the invoice is written meanwhile, and one packer packs them in order.

interface Line {
  item: string;
  pieces: number;
}

interface Order {
  lines: Line[];
  picked: { [item: string]: number };
  invoice: string;
  box: string[];
}

/** How many work at the same time, and how many did at most. */
class Crew {
  busiest = 0;
  #busy = 0;

  async work(): Promise<void> {
    this.#busy += 1;
    this.busiest = Math.max(this.busiest, this.#busy);
    await sleep(20);
    this.#busy -= 1;
  }
}

const pickers = new Crew();
const packers = new Crew();

/** A piece of a workflow for any data that has a box. It can be used in many places. */
const pad = (b: BranchBuilder<{ box: string[] }>): Chain =>
  b
    .thenFn("pad", () => "paper")
    .output((paper, data) => {
      data.box.push(paper);
    });

const fulfilment = new WorkflowBuilder<Order>()
  .initialData((lines: Line[]): Order => ({ lines, picked: {}, invoice: "", box: [] }))
  // Branches run side by side; what follows comes when both have ended.
  .parallel((p) =>
    p
      .branch("warehouse", (b) =>
        // All lines at once, each in a chain of its own.
        b.forEach(
          (data) => data.lines,
          (line) =>
            line
              .thenFn("pick", async (ctx) => {
                console.log(`line ${ctx.index}: ${ctx.item.pieces} × ${ctx.item.item}`);
                await pickers.work();
                return ctx.item.pieces;
              })
              .output((pieces, data, ctx) => {
                data.picked[ctx.item.item] = pieces;
              }),
        ),
      )
      .branch("office", (b) => b.thenFn("invoice", (ctx) => `invoice of ${ctx.data.lines.length} lines`).saveAs("invoice")),
  )
  .thenFn("joined", (ctx) => {
    const picked = ctx.data.lines.map(({ item }) => `${item} ${ctx.data.picked[item]}`);
    console.log(`joined: ${picked.join(", ")}; ${ctx.data.invoice}`);
  })
  .use(pad)
  // One line after the other, and within a line one piece after the other.
  .forEach(
    (data) => data.lines,
    (line) =>
      line
        .forEach(
          (_, ctx) => Array.from({ length: ctx.item.pieces }, (_, n) => `${ctx.item.item} #${n + 1}`),
          (piece) =>
            piece
              .thenFn("pack", async (ctx) => {
                await packers.work();
                console.log(`pack ${ctx.item}`);
                return ctx.item;
              })
              .output((packed, data) => {
                data.box.push(packed);
              }),
          { parallel: false },
        )
        .use(pad),
    { parallel: false },
  )
  .build("fulfilment", 1);

await using host = new WorkflowHostBuilder().useProviders(sqliteProviders({ path: ":memory:" })).build();
host.registerWorkflowDefinition(fulfilment);
await host.start();

const { box } = await host.runWorkflow(fulfilment, [
  { item: "cup", pieces: 2 },
  { item: "plate", pieces: 1 },
  { item: "spoon", pieces: 3 },
]);
console.log(`box: ${box.join(", ")}`);
console.log(`at the same time: ${pickers.busiest} pickers, ${packers.busiest} packer`);
