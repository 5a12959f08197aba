import { expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/index.ts";
import { registers, scenarios } from "./scenario.ts";

interface Count {
  n: number;
}

const grandchild = new WorkflowBuilder<Count>()
  .thenFn("one", () => 1)
  .saveAs("n")
  .build("grandchild", 1);
const child = new WorkflowBuilder<Count>().subWorkflow(grandchild, (data) => data).build("child", 1);
const parent = new WorkflowBuilder<Count & { seen: string }>()
  .thenFn("look", (ctx) => ctx.workflow.traceContext?.["traceparent"] ?? "none")
  .saveAs("seen")
  .delay("1h")
  .subWorkflow(child, ({ n }) => ({ n }))
  .build("parent", 1);

const TRACE = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", baggage: "tenant=ü" };
/** What the compiler would refuse, as it comes from JavaScript. */
const wrong = (value: unknown): never => value as never;

scenarios("the trace context of a start", (open) => {
  it("is shown by the instance and its steps, stays over sleeps, and goes to sub-workflows of any depth", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost(registers(grandchild, child, parent));

    const id = await host.startWorkflow(parent, { n: 0, seen: "" }, { traceContext: TRACE });
    await clock.advance("2h");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: TRACE.traceparent }, traceContext: TRACE });
    const { items } = await host.listWorkflows();
    expect(items.map(({ definitionId, traceContext }) => [definitionId, traceContext])).toEqual([
      ["grandchild", TRACE],
      ["child", TRACE],
      ["parent", TRACE],
    ]);
  });

  it("is not there when none was given, or an empty one", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost(registers(grandchild));

    const ids = [await host.startWorkflow(grandchild, { n: 0 }), await host.startWorkflow(grandchild, { n: 0 }, { traceContext: {} })];
    await clock.settle();

    for (const id of ids) expect(await host.getWorkflow(id)).not.toHaveProperty("traceContext");
  });

  it("is no part of what a repeat is told by: the first one stays", async () => {
    const { host: newHost, client: newClient, clock } = await open();
    const host = await newHost(registers(grandchild));
    const client = await newClient();

    const first = await host.startWorkflow(grandchild, { n: 0 }, { id: "of mine", traceContext: TRACE });
    const second = await client.startWorkflow(grandchild, { n: 0 }, { id: "of mine", traceContext: { traceparent: "another" } });
    await clock.settle();

    expect([first, second]).toEqual(["of mine", "of mine"]);
    expect((await host.getWorkflow("of mine")).traceContext).toEqual(TRACE);
  });

  it("may have 8192 bytes", async () => {
    const { host: newHost } = await open();
    const host = await newHost(registers(grandchild));
    const traceContext = { baggage: `${"ü".repeat(4_092)}x` };

    const id = await host.startWorkflow(grandchild, { n: 0 }, { traceContext });

    expect((await host.getWorkflow(id)).traceContext).toEqual(traceContext);
  });

  it.each([
    ["a text", wrong("00-1-1-01"), 'traceContext must be an object of strings, such as { traceparent }: got "00-1-1-01"'],
    ["null", wrong(null), "got null"],
    ["an array", wrong(["00-1-1-01"]), "got an array"],
    ["a value that is no text", wrong({ traceparent: 5 }), 'the field "traceparent" of traceContext must be a string: got 5'],
    ["a field without a name", { "": "x" }, "a field of traceContext needs a name: got an empty one"],
    ["one byte too many", { baggage: `${"ü".repeat(4_092)}xx` }, "traceContext has 8193 bytes, the limit is 8192"],
  ])("is refused with what is wrong, and nothing is stored: %s", async (_, traceContext, message) => {
    const { host: newHost } = await open();
    const host = await newHost(registers(grandchild));

    await expect(host.startWorkflow(grandchild, { n: 0 }, { traceContext })).rejects.toThrow(message);

    expect(await host.countWorkflows()).toBe(0);
  });
});
