import {
  type ExecutionErrorRow,
  type StepExecutionContext,
  type StoredEvent,
  type WorkflowChange,
  WorkflowHostBuilder,
  type WorkflowRecord,
} from "../../../src/index.ts";
import type {
  FinalState,
  ProgramFactory,
  SimulatedBodies,
  SimulatedConsumption,
  SimulatedProgram,
  Stimulus,
  StimulusAnswer,
} from "../../../src/test-support/simulation/simulated-program.ts";
import {
  InMemoryLockProvider,
  InMemoryPersistenceProvider,
  InMemoryQueueProvider,
  InMemoryStore,
  VirtualClock,
  VirtualEntropy,
} from "../../../src/test-support/index.ts";

const MOST_MS = 600_000;

/** What is left of a program that has run, and what is wrong with it. */
export interface ProgramRun {
  readonly program: SimulatedProgram;
  readonly final: FinalState;
  readonly faults: readonly string[];
}

/** Uses of events, as the commits tell of them. */
class Consumptions {
  readonly of: SimulatedConsumption[] = [];
  readonly #pointers = new Map<string, string>();

  add({ workflowId, openSubscriptions, consume }: WorkflowChange): void {
    for (const { id, pointerId } of openSubscriptions) this.#pointers.set(id, pointerId);
    for (const { subscriptionId, eventId } of consume) {
      this.of.push({ workflowId, pointerId: this.#pointers.get(subscriptionId) ?? "", eventId });
    }
  }
}

/** Bodies that take up to some milliseconds. */
function bodiesOf(clock: VirtualClock, entropy: VirtualEntropy): SimulatedBodies {
  const sleep = (ctx: StepExecutionContext, ms: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = clock.setTimer(ms, resolve);
      ctx.signal.addEventListener("abort", () => {
        timer.cancel();
        // The engine's own error, which says why.
        reject(ctx.signal.reason as Error);
      });
    });
  return {
    sleep,
    crash: () => Promise.reject(new Error("there is one host, which is not to be lost")),
    pause: (ctx) => {
      const ms = Math.floor(entropy.random() * 24) - 8;
      return ms <= 0 ? Promise.resolve() : sleep(ctx, ms);
    },
  };
}

/** Runs a program on one host to its end, without faults, in virtual time. */
export async function runProgram(factory: ProgramFactory, seed: number): Promise<ProgramRun> {
  const clock = new VirtualClock();
  const entropy = new VirtualEntropy(seed);
  const program = factory(bodiesOf(clock, entropy));
  const store = new InMemoryStore();
  const consumptions = new Consumptions();
  const persistence = new InMemoryPersistenceProvider({ store });
  const persist = persistence.persistWorkflow.bind(persistence);
  persistence.persistWorkflow = async (change, now) => {
    const result = await persist(change, now);
    consumptions.add(change);
    return result;
  };
  const host = new WorkflowHostBuilder()
    .useProviders({ persistence, locks: new InMemoryLockProvider({ clock }), queue: new InMemoryQueueProvider({ clock }) })
    .useClock(clock)
    .useEntropy(entropy)
    .useHttpClient(program.http ?? (() => Promise.reject(new Error("nobody answers"))))
    // No sweep mends what was forgotten.
    .withOptions({ sweepInterval: "1h", takeOverInterval: "1h", ...program.hostOptions })
    .build();
  for (const definition of program.definitions) host.registerWorkflowDefinition(definition);
  await host.start();

  const answers: StimulusAnswer[] = [];
  const began = clock.now();
  let isOver = false;
  const act = async (stimulus: Stimulus, name: string): Promise<void> => {
    try {
      answers.push({ stimulus: name, value: await stimulus.act(host) });
    } catch (error) {
      answers.push({ stimulus: name, error });
    }
    if (stimulus.everyMs !== undefined && !isOver) void clock.setTimer(stimulus.everyMs, () => void act(stimulus, name));
  };
  for (const [at, stimulus] of program.stimuli.entries()) {
    void clock.setTimer(stimulus.atMs, () => void act(stimulus, stimulus.name ?? String(at)));
  }
  const rootsAreOver = async (): Promise<boolean> => {
    for (const id of program.workflowIds) {
      const record = await persistence.getWorkflowInstance(id);
      if (record === undefined) return false;
      const over = program.isOver?.(record) ?? (record.status === "complete" || record.status === "terminated");
      if (!over) return false;
    }
    return true;
  };
  while (!isOver && clock.now() - began < MOST_MS) {
    await clock.advance(500);
    isOver = await rootsAreOver();
  }
  const stuck = isOver ? [] : ["it does not come to rest"];
  // Children that are terminated with their parents, and bodies that were called off.
  await clock.advance("2s");

  const records = new Map<string, WorkflowRecord>();
  const errors = new Map<string, readonly ExecutionErrorRow[]>();
  for (const [id, kept] of store.workflows) {
    const record = await persistence.getWorkflowInstance(id);
    if (record !== undefined) records.set(id, record);
    errors.set(id, kept.errors);
  }
  await host.stop({ timeout: 0 });
  const events: StoredEvent[] = [...store.events.values()].map(({ event }) => event).sort((a, b) => a.arrival - b.arrival);
  const final: FinalState = { records, errors, events, consumed: consumptions.of, runs: [], answers };
  return { program, final, faults: [...stuck, ...program.verdict(final)] };
}
