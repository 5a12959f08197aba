import { randomUUID } from "node:crypto";
import { type Providers, WorkflowHostBuilder } from "wfe";
import { inWindow } from "../in-window.ts";
import type { MeasuredEngine } from "../measured-engine.ts";
import { until } from "../until.ts";
import { APPROVED, BRANCHES, CHAIN, loop, SINGLE, SLEEPER, waiting } from "./wfe-workflows.ts";

/** Workflows under way at once: as many as a host runs by default. More would be left to the queue, for hosts that have room. */
const UNDER_WAY = 256;
const LOOK_EVERY_MS = 5;
const READ_AT_ONCE = 500;

/** A host with its default options. */
export async function startWfe(providers: Providers): Promise<MeasuredEngine> {
  const resumed = new Map<string, () => void>();
  const instants: number[] = [];
  const waits = waiting((key) => resumed.get(key)?.());
  const loops = loop(() => void instants.push(performance.now()));
  const host = new WorkflowHostBuilder().useProviders(providers).build();
  for (const definition of [CHAIN, SINGLE, BRANCHES, SLEEPER, waits, loops]) host.registerWorkflowDefinition(definition);
  await host.start();
  let started = 0;

  return {
    chains: async (workflows) => {
      started += workflows;
      await inWindow(workflows, UNDER_WAY, async () => host.waitForWorkflow(await host.startWorkflow(CHAIN, {})));
      await until(async () => (await host.countWorkflows({ definitionId: CHAIN.id, status: "complete" })) >= started, LOOK_EVERY_MS);
    },
    single: async () => {
      await host.waitForWorkflow(await host.startWorkflow(SINGLE, {}));
    },
    branches: async (count) => {
      await host.waitForWorkflow(await host.startWorkflow(BRANCHES, { count }));
    },
    event: async () => {
      const key = randomUUID();
      const id = await host.startWorkflow(waits, { key });
      await until(async () => (await providers.persistence.getSubscriptions(APPROVED.name, key, new Date())).length > 0, 1);
      const ran = new Promise<number>((resolve) => void resumed.set(key, () => resolve(performance.now())));
      const published = performance.now();
      await host.publishEvent(APPROVED, key, true);
      const latencyMs = (await ran) - published;
      await host.waitForWorkflow(id);
      return latencyMs;
    },
    sleepers: async (count) => {
      const ids: string[] = [];
      await inWindow(count, UNDER_WAY, async () => ids.push(await host.startWorkflow(SLEEPER, {})));
      while (ids.length > 0) {
        const part = ids.splice(-READ_AT_ONCE);
        await until(async () => {
          const found = await providers.persistence.getWorkflowInstances(part);
          return found.every(({ pointers }) => pointers.some(({ status }) => status === "sleeping"));
        }, LOOK_EVERY_MS);
      }
    },
    iterations: async (count) => {
      instants.length = 0;
      await host.waitForWorkflow(await host.startWorkflow(loops, { count, n: 0 }), { timeout: "6h" });
      return instants;
    },
    stop: () => host.stop(),
  };
}
