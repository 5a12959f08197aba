import { describe, expect, it } from "vitest";
import { InstanceLookup } from "../../src/host/instance-lookup.ts";
import { WorkflowCommands } from "../../src/host/workflow-commands.ts";
import { ConflictError, type PersistenceProvider } from "../../src/index.ts";
import { instant, sampleWorkflow } from "../../src/test-support/index.ts";
import { hostSetting, messages } from "./host-setting.ts";

/** Commands over a store with one instance "w", and what followed from them. */
async function setting(persistence: Partial<PersistenceProvider> = {}, data = '{"total":1}') {
  const of = await hostSetting({ persistence });
  await of.services.persistence.createNewWorkflow(sampleWorkflow("w", { data }), instant());
  const followed: string[] = [];
  const commands = new WorkflowCommands(of.services, new InstanceLookup(of.services), {
    changed: (id) => void followed.push(`changed ${id}`),
    published: ({ id, data: payload }) => void followed.push(`published ${id} ${payload}`),
    commanded: () => void followed.push("commanded"),
    lifecycle: ({ type }) => void followed.push(`lifecycle ${type}`),
    ended: ({ id, status }) => void followed.push(`ended ${id} ${status}`),
  });
  return { ...of, commands, followed };
}

describe("commands", () => {
  it("answer whether they applied, and only then something follows", async () => {
    const { commands, followed } = await setting();

    const answers = [await commands.resume("w"), await commands.suspend("name of w"), await commands.suspend("w"), await commands.resume("w")];

    expect(answers).toEqual([false, true, false, true]);
    expect(followed).toEqual(["lifecycle suspended", "ended w suspended", "changed w", "lifecycle resumed", "changed w"]);
  });

  it("terminate tells the end, and has commands to children carried out", async () => {
    const { commands, followed } = await setting();

    expect([await commands.terminate("w"), await commands.terminate("w"), await commands.retry("w")]).toEqual([true, false, false]);

    expect(followed).toEqual([
      "lifecycle terminated",
      "ended w terminated",
      "changed w",
      `published wfe.completed/w/${instant().getTime()}/0 {"status":"terminated","data":{"total":1}}`,
      "commanded",
    ]);
  });

  it("terminate ends an instance whose data cannot be read, without telling them", async () => {
    const { commands, followed, warnings } = await setting({}, "no JSON");

    expect(await commands.terminate("w")).toBe(true);

    expect(followed).toContain(`published wfe.completed/w/${instant().getTime()}/0 {"status":"terminated"}`);
    expect(messages(warnings)).toEqual([expect.stringContaining("the workflow w is terminated without telling its data")]);
  });

  it("say so when the instance is removed between their look and their change", async () => {
    const { commands, followed } = await setting({ command: () => Promise.resolve(undefined) });

    await commands.suspend("w").catch((error: unknown) => followed.push((error as { code: string }).code));

    expect(followed).toEqual(["WFE_WORKFLOW_NOT_FOUND"]);
  });

  it("do not retry an instance that another command has terminated between their look and their change", async () => {
    const { persistence } = (await hostSetting()).services;
    await persistence.createNewWorkflow(sampleWorkflow("w"), instant());
    await persistence.command("w", "suspend", instant());
    const command: PersistenceProvider["command"] = async (id, ...args) => {
      await persistence.command(id, "terminate", instant());
      return persistence.command(id, ...args);
    };
    const { services } = await hostSetting({ persistence: { command } });
    const nothing = (): void => {};
    const effects = { changed: nothing, published: nothing, commanded: nothing, lifecycle: nothing, ended: nothing };

    expect(await new WorkflowCommands(services, new InstanceLookup({ persistence }), effects).retry("w")).toBe(false);

    const record = await persistence.getWorkflowInstance("w");
    expect([record?.status, record?.pointers.map(({ status }) => status)]).toEqual(["terminated", ["cancelled"]]);
  });

  it("pass on what the store says, but for the conflict of a retry with a pass", async () => {
    const away = (): Promise<never> => Promise.reject(new Error("away"));
    let command: PersistenceProvider["command"] | undefined;
    const { commands, services, followed } = await setting({ command: (...args) => (command ?? away)(...args) });
    const { persistence } = (await hostSetting()).services;
    await persistence.createNewWorkflow(sampleWorkflow("w"), instant());
    await persistence.command("w", "suspend", instant());
    const suspended = new WorkflowCommands(services, new InstanceLookup({ persistence }), {
      changed: () => {},
      published: () => {},
      commanded: () => {},
      lifecycle: () => {},
      ended: () => {},
    });

    for (const verb of ["suspend", "resume", "terminate"] as const) await expect(commands[verb]("w")).rejects.toThrow("away");
    await expect(suspended.retry("w")).rejects.toThrow("away");
    let tries = 0;
    command = (id) => {
      tries += 1;
      return tries < 3 ? Promise.reject(new ConflictError(id, "revision")) : Promise.resolve(true);
    };

    expect(await suspended.retry("w")).toBe(true);
    expect(tries).toBe(3);
    expect(followed).toEqual([]);
  });
});
