import { describe, expect, it } from "vitest";
import { InstanceLookup } from "../../src/host/instance-lookup.ts";
import { instant, sampleWorkflow } from "../../src/test-support/index.ts";
import { hostSetting } from "./host-setting.ts";

async function setting() {
  const { services } = await hostSetting();
  await services.persistence.createNewWorkflow(sampleWorkflow("w"), instant());
  return new InstanceLookup(services);
}

describe("looking an instance up", () => {
  it("finds it by id and by name", async () => {
    const lookup = await setting();

    for (const key of ["w", "name of w"]) {
      expect(await lookup.id(key)).toBe("w");
      expect(await lookup.row(key)).toMatchObject({ id: "w", status: "runnable" });
      expect(await lookup.loaded(key)).toMatchObject({ row: { id: "w" }, pointers: [{ id: "1" }], deliveries: [] });
      expect(await lookup.record(key)).toMatchObject({ id: "w", pointers: [{ id: "1" }] });
    }
  });

  it("refuses what is neither, and what is no text", async () => {
    const lookup = await setting();

    for (const ask of [lookup.id("x"), lookup.row("x"), lookup.loaded("x"), lookup.record("x")]) {
      await expect(ask).rejects.toMatchObject({ code: "WFE_WORKFLOW_NOT_FOUND", workflowId: "x" });
    }
    await expect(lookup.id(7 as never)).rejects.toThrow("a workflow's id or name");
    await expect(lookup.row(7 as never)).rejects.toThrow("a workflow's id or name");
  });

  it("says that it is not there when it is removed between two looks", async () => {
    const { services } = await hostSetting({ persistence: { loadForPass: async () => undefined } });
    await services.persistence.createNewWorkflow(sampleWorkflow("w"), instant());

    await expect(new InstanceLookup(services).loaded("w")).rejects.toMatchObject({ code: "WFE_WORKFLOW_NOT_FOUND", workflowId: "w" });
  });
});
