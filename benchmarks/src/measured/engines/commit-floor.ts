import {
  type EventRow,
  type NewWorkflow,
  type PersistenceProvider,
  type Providers,
  systemEntropy,
  type WorkflowChange,
  WorkflowHostBuilder,
} from "wfe";
import { inWindow } from "../in-window.ts";
import type { MeasuredEngine } from "../measured-engine.ts";
import { CHAIN } from "./wfe-workflows.ts";

/** Instances that commit at the same time: as many as a host runs passes by default. */
const COMMITS_AT_ONCE = 256;

/** What the engine has asked the store for, to run one workflow. */
interface Recording {
  readonly workflow: NewWorkflow;
  readonly changes: readonly WorkflowChange[];
}

/**
 * The commit floor of a store: what W1 costs without the engine. One workflow is run by a host and its commits are recorded; then the same commits
 * are sent through the provider for as many instances as W1 has, with as many under way at once as a host has. No leases, no queue, no loads.
 */
export async function startFloor(open: () => Providers): Promise<MeasuredEngine> {
  const recording = await record(open());
  const { persistence } = open();
  await persistence.start();
  let sent = 0;
  return {
    chains: async (workflows) => {
      const first = sent;
      sent += workflows;
      await inWindow(workflows, COMMITS_AT_ONCE, (index) => replay(persistence, recording, first + index));
    },
    stop: () => persistence.stop(),
  };
}

async function record(providers: Providers): Promise<Recording> {
  const workflows: NewWorkflow[] = [];
  const changes: WorkflowChange[] = [];
  const persistence = watched(providers.persistence, {
    createNewWorkflow: (workflow) => void workflows.push(workflow),
    persistWorkflow: (change) => void changes.push(change),
  });
  const host = new WorkflowHostBuilder().useProviders({ ...providers, persistence }).build();
  host.registerWorkflowDefinition(CHAIN);
  await host.start();
  const id = await host.startWorkflow(CHAIN, {});
  await host.waitForWorkflow(id);
  await host.stop();
  await providers.persistence.start();
  await providers.persistence.deleteWorkflows([id]);
  await providers.persistence.stop();
  const [workflow] = workflows;
  if (workflow === undefined || changes.length === 0) throw new Error("the engine has committed nothing");
  return { workflow, changes };
}

/** The same provider, with a look at what two of its methods are given. */
function watched(
  provider: PersistenceProvider,
  look: { createNewWorkflow(workflow: NewWorkflow): void; persistWorkflow(change: WorkflowChange): void },
): PersistenceProvider {
  return new Proxy(provider, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name === "createNewWorkflow") {
        return (workflow: NewWorkflow, now: Date) => {
          look.createNewWorkflow(workflow);
          return target.createNewWorkflow(workflow, now);
        };
      }
      if (name === "persistWorkflow") {
        return (change: WorkflowChange, now: Date) => {
          look.persistWorkflow(change);
          return target.persistWorkflow(change, now);
        };
      }
      return (value as (...args: unknown[]) => unknown).bind(target); // private state is the target's
    },
  });
}

/** With ids like those of the engine: what an insert into an index costs depends on them. */
async function replay(persistence: PersistenceProvider, { workflow, changes }: Recording, number: number): Promise<void> {
  const id = systemEntropy.id();
  await persistence.createNewWorkflow({ ...workflow, id, name: `${workflow.definitionId}-floor-${number}` }, new Date());
  for (const change of changes) {
    const events = change.events.map((event) => eventOf(event, workflow.id, id));
    await persistence.persistWorkflow({ ...change, workflowId: id, commitId: systemEntropy.id(), events }, new Date());
  }
}

/** An event of the recorded instance, as the event of another one. */
function eventOf(event: EventRow, recorded: string, id: string): EventRow {
  return { ...event, id: event.id.replace(recorded, id), key: event.key === recorded ? id : event.key };
}
