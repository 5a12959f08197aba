import { expect, it } from "vitest";
import {
  InputInvalidError,
  PayloadTooLargeError,
  SerializationError,
  type StandardSchema,
  WorkflowBuilder,
  type WorkflowDefinition,
} from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Count {
  n: number;
}

scenarios("start data", (open) => {
  it("makes the data out of the input with inputSchema, then initialData", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<{ total: number; done: boolean }>()
      .initialData((input: { prices: number[] }) => ({ total: input.prices.reduce((sum, price) => sum + price, 0), done: false }))
      .thenFn("finish", () => true)
      .saveAs("done")
      .build("initial", 1);
    const checked = WorkflowBuilder.fromSchema(amountSchema)
      .thenFn("add", (ctx) => ctx.data.amount + 1)
      .saveAs("amount")
      .build("checked", 1);
    const host = await newHost((h) => {
      h.registerWorkflowDefinition(definition);
      h.registerWorkflowDefinition(checked);
    });

    const first = host.runWorkflow(definition, { prices: [1, 2, 3] });
    const second = host.runWorkflow(checked, { amount: "41" });
    await clock.settle();

    expect(await first).toEqual({ total: 6, done: true });
    expect(await second).toEqual({ amount: 42 });
  });

  it("refuses input that the schema refuses, with every issue, and stores nothing", async () => {
    const { host: newHost, client: newClient } = await open();
    const definition = WorkflowBuilder.fromSchema(amountSchema)
      .thenFn("a", () => {})
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const client = await newClient();

    for (const starter of [host, client]) {
      const refused = starter.startWorkflow(definition, { amount: "much" }, { id: "x" });
      await expect(refused).rejects.toBeInstanceOf(InputInvalidError);
      await expect(refused).rejects.toMatchObject({ code: "WFE_INPUT_INVALID", issues: ["amount: is no number", "try again"] });
    }

    expect(await host.countWorkflows()).toBe(0);
  });

  it("stores nothing when initialData throws, and gives what it threw", async () => {
    const { host: newHost } = await open();
    const definition = new WorkflowBuilder<Count>()
      .initialData((): Count => {
        throw new TypeError("no such customer");
      })
      .thenFn("a", () => {})
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    await expect(host.startWorkflow(definition, null as never)).rejects.toThrow(new TypeError("no such customer"));

    expect(await host.countWorkflows()).toBe(0);
  });

  it("refuses data that cannot be stored with the path of it, stores nothing, and runs the others on", async () => {
    const { host: newHost, clock } = await open();
    const definition = counted();
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const good = host.startWorkflow(definition, { n: 1 });

    for (const [path, part] of unstorable()) {
      const refused = host.startWorkflow("w", 1, { n: 1, order: { lines: [1, part] } } as never);
      await expect(refused, path).rejects.toBeInstanceOf(SerializationError);
      await expect(refused, path).rejects.toMatchObject({ code: "WFE_VALUE_NOT_STORABLE", path: `order.lines[1]${path}` });
    }
    const cycle: Record<string, unknown> = { n: 1 };
    cycle["self"] = cycle;
    for (const whole of [cycle, nested(250)]) {
      const refused = host.startWorkflow("w", 1, whole as never);
      await expect(refused).rejects.toMatchObject({
        code: "WFE_VALUE_NOT_STORABLE",
        path: expect.stringMatching(/^(self|deep)(\.(self|deep)){199}$/) as string,
      });
    }
    const endless = host.startWorkflow("w", 1, nested(50_000) as never);
    await expect(endless).rejects.toMatchObject({ code: "WFE_VALUE_NOT_STORABLE", path: "" });
    await clock.settle();

    expect(await host.countWorkflows()).toBe(1);
    expect(await host.getWorkflow(await good)).toMatchObject({ status: "complete", data: { n: 2 } });
  });

  it("refuses data over maxDataSize with both sizes, and takes data of just that size (fault 78)", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<{ text: string }>().thenFn("a", () => {}).build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition), { maxDataSize: 100 });
    const frame = '{"text":""}'.length;

    const refused = host.startWorkflow(definition, { text: "x".repeat(101 - frame) });
    await expect(refused).rejects.toBeInstanceOf(PayloadTooLargeError);
    await expect(refused).rejects.toMatchObject({ code: "WFE_PAYLOAD_TOO_LARGE", size: 101, limit: 100 });
    expect(await host.countWorkflows()).toBe(0);
    const id = await host.startWorkflow(definition, { text: "x".repeat(100 - frame) });
    await clock.settle();

    expect((await host.getWorkflow(id)).status).toBe("complete");
  });
});

/** A schema as zod and others make them: turns text into a number, or has two issues. */
const amountSchema: StandardSchema<{ amount: string }, { amount: number }> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (input) => {
      const amount = Number((input as { amount?: unknown } | null)?.amount);
      if (Number.isFinite(amount)) return { value: { amount } };
      return { issues: [{ message: "is no number", path: ["amount"] }, { message: "try again" }] };
    },
  },
};

/** Values that JSON does not carry, with where in them. */
function unstorable(): readonly (readonly [string, unknown])[] {
  class Money {
    readonly cents = 5;
  }
  return [
    ["", undefined],
    ["", 5n],
    ["", () => 1],
    ["", Symbol("s")],
    ["", new Date(0)],
    ["", new Map([["a", 1]])],
    ["", new Set([1])],
    ["", new Uint8Array(2)],
    ["", Promise.resolve(1)],
    ["", new Money()],
    [".price.amount", { price: { amount: Number.NaN } }],
    ["[0]", [Number.POSITIVE_INFINITY]],
    ['["a key"]', { "a key": 1n }],
  ];
}

function nested(depth: number): unknown {
  let value: Record<string, unknown> = {};
  for (let index = 0; index < depth; index += 1) value = { deep: value };
  return value;
}

/** Adds one to its number. */
function counted(): WorkflowDefinition<Count> {
  return new WorkflowBuilder<Count>()
    .thenFn("add", (ctx) => ctx.data.n + 1)
    .saveAs("n")
    .build("w", 1);
}
