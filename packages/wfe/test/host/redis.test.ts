import { afterEach, expect, it } from "vitest";
import { postgresProviders } from "wfe-postgres";
import { redisProviders } from "wfe-redis";
import { testKeyPrefix, testSchema } from "wfe-test-services/vitest";
import { WorkflowBuilder, type WorkflowHost, WorkflowHostBuilder } from "../../src/index.ts";

const store = testSchema("redis-hosts");
const place = testKeyPrefix("redis-hosts");
const hosts: WorkflowHost[] = [];

afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop();
});

const chain = new WorkflowBuilder<{ n: number }>()
  .thenFn("first", (ctx) => ctx.data.n + 1)
  .saveAs("n")
  .thenFn("second", (ctx) => ctx.data.n + 1)
  .saveAs("n")
  .build("chain", 1);

/** With connections of its own, as a process has. */
async function startedHost(): Promise<WorkflowHost> {
  const redis = redisProviders({ url: place.url, keyPrefix: place.keyPrefix });
  const postgres = postgresProviders({ connectionString: store.url, schema: store.schema });
  const host = new WorkflowHostBuilder().useProviders({ ...postgres, ...redis }).build();
  hosts.push(host);
  host.registerWorkflowDefinition(chain);
  await host.start();
  return host;
}

/** What a host hears from now on, by instance. */
function heardBy(host: WorkflowHost): ReadonlyMap<string, readonly string[]> {
  const byInstance = new Map<string, string[]>();
  const read = async (): Promise<void> => {
    for await (const event of host.events()) {
      const text = "step" in event ? `${event.type} ${event.step}` : event.type;
      byInstance.set(event.workflowId, [...(byInstance.get(event.workflowId) ?? []), text]);
    }
  };
  void read(); // ends with the host
  return byInstance;
}

it("runs workflows under locks of Redis, whose events every host hears once and in order", async () => {
  const [first, second] = [await startedHost(), await startedHost()];
  const heard = [first, second].map(heardBy);
  await expect
    .poll(async () => {
      await first.runWorkflow(chain, { n: 0 });
      return heard.every((events) => events.size > 0);
    })
    .toBe(true);

  const ids = Array.from({ length: 20 }, (_, index) => `run-${index}`);
  await Promise.all(ids.map((id, index) => (index % 2 === 0 ? first : second).runWorkflow(chain, { n: index }, { id })));

  const whole = ["started", "stepStarted first", "stepCompleted first", "stepStarted second", "stepCompleted second", "completed"];
  for (const events of heard) {
    await expect.poll(() => ids.map((id) => events.get(id))).toEqual(ids.map(() => whole));
  }
});
