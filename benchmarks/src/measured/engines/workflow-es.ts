import { randomUUID } from "node:crypto";
import "reflect-metadata";
import workflowEs, { type StepExecutionContext, type WorkflowBuilder, type WorkflowInstance } from "workflow-es";
import { countdown } from "../countdown.ts";
import type { MeasuredEngine } from "../measured-engine.ts";
import { until } from "../until.ts";

const { configureWorkflow, ExecutionResult, MemoryPersistenceProvider, NullLogger, StepBody, WorkflowStatus } = workflowEs;

const LOOK_EVERY_MS = 1;
const DAY_MS = 24 * 60 * 60 * 1_000;

/** Its provider in memory, which finds instances by searching through all of them, with an index: the search would be all that is measured. */
class IndexedPersistence extends MemoryPersistenceProvider {
  readonly instances = new Map<string, WorkflowInstance>();

  override async createNewWorkflow(instance: WorkflowInstance): Promise<string> {
    instance.id = randomUUID();
    this.instances.set(instance.id, instance);
    return instance.id;
  }

  override async persistWorkflow(instance: WorkflowInstance): Promise<void> {
    this.instances.set(instance.id, instance);
  }

  override async getWorkflowInstance(id: string): Promise<WorkflowInstance> {
    const instance = this.instances.get(id);
    if (instance === undefined) throw new Error(`there is no workflow ${id}`);
    return instance;
  }

  override async getRunnableInstances(): Promise<string[]> {
    const now = Date.now();
    return [...this.instances.values()]
      .filter(({ status, nextExecution }) => status === WorkflowStatus.Runnable && nextExecution < now)
      .map(({ id }) => id);
  }
}

/** What steps tell; they are made by the engine, without arguments. */
let finished = (): void => {};
let steps = 0;
const resumed = new Map<string, () => void>();

class Step extends StepBody {
  async run(): Promise<workflowEs.ExecutionResult> {
    steps += 1;
    return await ExecutionResult.next();
  }
}

class LastStep extends StepBody {
  async run(): Promise<workflowEs.ExecutionResult> {
    steps += 1;
    finished();
    return await ExecutionResult.next();
  }
}

class Begin extends StepBody {
  async run(): Promise<workflowEs.ExecutionResult> {
    return await ExecutionResult.next();
  }
}

class Resumed extends StepBody {
  async run(context: StepExecutionContext): Promise<workflowEs.ExecutionResult> {
    steps += 1;
    const { key } = context.workflow.data as Waiting; // of the workflow below
    resumed.get(key)?.();
    return await ExecutionResult.next();
  }
}

interface Waiting {
  readonly key: string;
}

class Chain {
  id = "chain";
  version = 1;
  build(builder: WorkflowBuilder<object>): void {
    let last = builder.startWith(Step);
    for (let index = 2; index <= 9; index += 1) last = last.then(Step);
    last.then(LastStep);
  }
}

class Single {
  id = "single";
  version = 1;
  build(builder: WorkflowBuilder<object>): void {
    builder.startWith(Step);
  }
}

class Branches {
  id = "branches";
  version = 1;
  build(builder: WorkflowBuilder<{ readonly count: number }>): void {
    builder
      .startWith(Begin)
      .foreach(({ count }) => Array.from({ length: count }, (_, index) => index))
      .do((then) => then.startWith(Step));
  }
}

class Waits {
  id = "waits";
  version = 1;
  build(builder: WorkflowBuilder<Waiting>): void {
    builder
      .startWith(Begin)
      .waitFor("approved", ({ key }) => key)
      .then(Resumed);
  }
}

class Sleeper {
  id = "sleeper";
  version = 1;
  build(builder: WorkflowBuilder<object>): void {
    builder.startWith(Begin).delay(() => DAY_MS);
  }
}

/** workflow-es with its queue and locks of one process. What it runs is gone with the process: its one durable store is MongoDB. */
export async function startWorkflowEs(): Promise<MeasuredEngine> {
  const persistence = new IndexedPersistence();
  const config = configureWorkflow();
  config.useLogger(new NullLogger());
  config.usePersistence(persistence);
  const host = config.getHost();
  for (const workflow of [Chain, Single, Branches, Waits, Sleeper]) host.registerWorkflow(workflow);
  await host.start();
  const all = (): readonly WorkflowInstance[] => [...persistence.instances.values()];
  const complete = (): number => all().filter(({ status }) => status === WorkflowStatus.Complete).length;
  const sleeping = (): number => all().filter(({ status, nextExecution }) => status === WorkflowStatus.Runnable && nextExecution > Date.now()).length;
  const run = async (id: string, data: object): Promise<string> => await host.startWorkflow(id, 1, data);
  const completed = (id: string): Promise<void> =>
    until(async () => (await persistence.getWorkflowInstance(id)).status === WorkflowStatus.Complete, LOOK_EVERY_MS);

  return {
    chains: async (workflows) => {
      const target = complete() + workflows;
      const { done, tell } = countdown(workflows);
      finished = tell;
      for (let index = 0; index < workflows; index += 1) await run("chain", {});
      await done;
      await until(async () => complete() >= target, LOOK_EVERY_MS);
    },
    single: async () => await completed(await run("single", {})),
    branches: async (count) => await completed(await run("branches", { count })),
    event: async () => {
      const key = randomUUID();
      const id = await run("waits", { key });
      await until(async () => (await persistence.getSubscriptions("approved", key, new Date())).length > 0, LOOK_EVERY_MS);
      const ran = new Promise<number>((resolve) => void resumed.set(key, () => resolve(performance.now())));
      const published = performance.now();
      await host.publishEvent("approved", key, true, new Date());
      const latencyMs = (await ran) - published;
      await completed(id);
      return latencyMs;
    },
    sleepers: async (count) => {
      for (let index = 0; index < count; index += 1) await run("sleeper", {});
      await until(async () => sleeping() >= count, 100);
    },
    counts: async () => ({ complete: complete(), steps, sleeping: sleeping() }),
    stop: async () => void host.stop(),
  };
}
