import { expect, it } from "vitest";
import { type LifecycleEvent, type LifecycleEvents, type StandaloneClient, WorkflowBuilder, WorkflowHostBuilder } from "../../src/index.ts";
import { InMemoryLifecycleBus, InMemoryLifecyclePublisher } from "../../src/test-support/index.ts";
import { registers, type Scenario, scenarios } from "./scenario.ts";

interface Count {
  n: number;
}

const waits = new WorkflowBuilder<Count>().waitFor("go", (data) => `key ${data.n}`).build("waits", 1);

/** What a reader gives, as it comes. */
function noted(reader: LifecycleEvents): string[] {
  const lines: string[] = [];
  const read = async (): Promise<void> => {
    for await (const { type, workflowId } of reader) lines.push(`${workflowId} ${type}`);
    lines.push("over");
  };
  void read(); // ends with its host
  return lines;
}

/** A client with a publisher, started; the caller stops it. */
async function publishingClient(scenario: Scenario, lifecycle: InMemoryLifecyclePublisher): Promise<StandaloneClient> {
  const client = new WorkflowHostBuilder()
    .useProviders({ ...scenario.store.open(), lifecycle })
    .useClock(scenario.clock)
    .buildClient();
  await client.start();
  return client;
}

scenarios("readers of lifecycle events", (open) => {
  it("get those of one instance, by its id or its name, and of the types that they want", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost(registers(waits));
    await host.startWorkflow(waits, { n: 1 }, { id: "a", name: "name of a" });
    const [byId, byName, byType, byBoth] = [
      noted(host.events({ workflowId: "a" })),
      noted(host.events({ workflowId: "name of a" })),
      noted(host.events({ types: ["completed", "started"] })),
      noted(host.events({ workflowId: "name of a", types: ["completed"] })),
    ];
    await clock.settle();

    await host.startWorkflow(waits, { n: 2 }, { id: "b" });
    await host.publishEvent("go", "key 1", true);
    await clock.settle();
    await host.publishEvent("go", "key 2", true);
    await clock.settle();

    for (const lines of [byId, byName]) expect(lines.slice(-2)).toEqual(["a stepCompleted", "a completed"]);
    for (const lines of [byId, byName]) expect(lines.every((line) => line.startsWith("a "))).toBe(true);
    expect(byType).toEqual(["b started", "a completed", "b completed"]);
    expect(byBoth).toEqual(["a completed"]);
  });

  it("may wait for an instance that is still to come", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost(registers(waits));
    const lines = noted(host.events({ workflowId: "later", types: ["started"] }));
    await clock.settle();

    await host.startWorkflow(waits, { n: 1 }, { id: "other" });
    await host.startWorkflow(waits, { n: 1 }, { id: "later" });
    await clock.settle();

    expect(lines).toEqual(["later started"]);
  });

  it("ask for one instance on a host that is running only", async () => {
    const { build } = await open();
    const host = build();

    expect(() => host.events({ workflowId: "a" })).toThrow(expect.objectContaining({ code: "WFE_HOST_NOT_RUNNING" }));
  });

  it("read on a client what hosts do, and on hosts what a client does, when they share a publisher", async () => {
    const scenario = await open();
    const { clock, store, build } = scenario;
    const bus = new InMemoryLifecycleBus();
    const client = await publishingClient(scenario, new InMemoryLifecyclePublisher({ bus }));
    const ofClient = noted(client.events());
    const host = build(registers(waits), {}, { ...store.open(), lifecycle: new InMemoryLifecyclePublisher({ bus }) });
    await host.start();
    const ofHost = noted(host.events());
    await clock.settle();

    await client.startWorkflow(waits, { n: 1 }, { id: "a" });
    await clock.advance("1m");
    await client.suspendWorkflow("a");
    await client.resumeWorkflow("a");
    await client.terminateWorkflow("a");
    await clock.settle();
    const expected = ["a started", "a stepStarted", "a suspended", "a resumed", "a terminated"];
    expect([ofClient, ofHost]).toEqual([expected, expected]);
    await client.stop();

    expect(ofClient).toEqual([...expected, "over"]);
    await host.stop();
  });

  it("are refused on a client without a publisher, or that is not running", async () => {
    const scenario = await open();
    const alone = await scenario.client();
    const client = await publishingClient(scenario, new InMemoryLifecyclePublisher());
    await client.stop();

    expect(() => alone.events()).toThrow(expect.objectContaining({ code: "WFE_PROVIDER_MISSING" }));
    expect(() => client.events()).toThrow(expect.objectContaining({ code: "WFE_HOST_NOT_RUNNING" }));
    expect(() => alone.events({ types: ["finished" as LifecycleEvent["type"]] })).toThrow(RangeError);
  });
});
