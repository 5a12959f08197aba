import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/index.ts";
import { checkId, checkName } from "../../src/host/names.ts";
import { onEachStore } from "../faults/setting.ts";

describe("names and ids that users give", () => {
  it("are taken as they are, but for white space around a name", () => {
    expect([checkName(" order 7 ", "order"), checkName("order-", "order"), checkName("order-7b", "order"), checkId("order-7")]).toEqual([
      "order 7",
      "order-",
      "order-7b",
      "order-7",
    ]);
  });

  it.each(["", "  ", "x".repeat(201), "order-7", "0190d7a4-6d3c-7c1e-9f2e-1d2c3b4a5f60"])("are refused as a name: %j", (name) => {
    expect(() => checkName(name, "order")).toThrow(RangeError);
  });

  it.each(["", " ", "\u00e9".repeat(101)])("are refused as an id: %j", (id) => {
    expect(() => checkId(id)).toThrow(RangeError);
  });
});

onEachStore("generated names", (open) => {
  const definition = new WorkflowBuilder<{ n: number }>().thenFn("a", () => {}).build("order", 1);
  const other = new WorkflowBuilder<{ n: number }>().thenFn("a", () => {}).build("other", 1);

  it("are numbered, unique over all hosts, and usable in place of the id", async () => {
    const { clock, start } = await open();
    const hosts = [await start((h) => h.registerWorkflowDefinition(definition)), await start((h) => h.registerWorkflowDefinition(definition))];

    const ids = await Promise.all(Array.from({ length: 150 }, async (_, n) => hosts[n % 2]?.startWorkflow(definition, { n })));
    await clock.settle();
    const found = await Promise.all(ids.map(async (id) => hosts[0]?.getWorkflow(id ?? "")));
    const names = found.map((instance) => instance?.name ?? "");

    expect(new Set(names).size).toBe(150);
    expect(names.every((name) => /^order-\d+$/.test(name))).toBe(true);
    expect((await hosts[1]?.getWorkflow(names[7] ?? ""))?.id).toBe(ids[7]);
  });

  it("pass over numbers that somebody has given to an instance of another definition", async () => {
    const { start } = await open();
    const host = await start((h) => {
      h.registerWorkflowDefinition(definition);
      h.registerWorkflowDefinition(other);
    });
    await host.startWorkflow(other, { n: 0 }, { name: "order-1" });
    await host.startWorkflow(other, { n: 0 }, { name: "order-2" });

    const id = await host.startWorkflow(definition, { n: 0 });

    expect((await host.getWorkflow(id)).name).toBe("order-3");
  });
});
