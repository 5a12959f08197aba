import { expect, it } from "vitest";
import { type Codec, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Count {
  n: number;
}
const definition = new WorkflowBuilder<Count>().thenFn("a", () => {}).build("w", 1);

/** A codec whose payloads no other can read. */
const sealed: Codec = {
  encode: (value) => `sealed ${JSON.stringify(value)}`,
  decode: (text) => {
    if (!text.startsWith("sealed ")) throw new Error("it is not sealed");
    return JSON.parse(text.slice("sealed ".length)) as unknown;
  },
};

scenarios("an instance whose data cannot be read here", (open) => {
  it("fails those who wait for its end, at once", async () => {
    const { host: newHost, client: newClient, clock } = await open();
    const host = await newHost((h) => h.registerWorkflowDefinition(definition), { codec: sealed });
    const client = await newClient(); // without the codec
    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.settle();

    const wait = client.waitForWorkflow(id);

    await expect(wait).rejects.toMatchObject({ code: "WFE_PAYLOAD_UNREADABLE" });
  });

  it("can be suspended and terminated all the same", async () => {
    const { host: newHost, client: newClient, clock } = await open();
    const client = await newClient(); // without the codec
    const id = await client.startWorkflow(definition, { n: 0 });
    const host = await newHost((h) => h.registerWorkflowDefinition(definition), { codec: sealed });
    await clock.advance("1m");

    expect([await host.suspendWorkflow(id), await host.terminateWorkflow(id)]).toEqual([true, true]);

    expect(await client.getWorkflow(id)).toMatchObject({ status: "terminated", data: { n: 0 } });
  });
});
