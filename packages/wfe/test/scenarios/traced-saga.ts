import type { Clock, HostOptions, StepExecutionContext, WorkflowDefinition, WorkflowHost } from "../../src/index.ts";
import type { Scenario } from "./scenario.ts";

/** The data of workflows that only leave a trace. */
export interface Traced {
  n: number;
}

type Ctx = StepExecutionContext<unknown, unknown>;
type Named<T> = readonly [name: string, fn: (ctx: Ctx) => T];

const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));

/** Makes steps that leave a line each time they run: arguments of `thenFn` and `compensateWithFn`. */
export class Trace {
  readonly lines: string[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  does(name: string): Named<void> {
    return [name, () => void this.lines.push(name)];
  }

  /** Leaves the item, too. */
  doesItem(name: string): Named<void> {
    return [name, (ctx) => void this.lines.push(`${name} ${String(ctx.item)}`)];
  }

  undoes(name: string): Named<void> {
    return [`undo ${name}`, () => void this.lines.push(`undo ${name}`)];
  }

  undoesItem(name: string): Named<void> {
    return [`undo ${name}`, (ctx) => void this.lines.push(`undo ${name} ${String(ctx.item)}`)];
  }

  /** Fails at every attempt, or at the first ones. */
  fails(name: string, { times = Infinity, message = `no ${name}` }: { times?: number; message?: string } = {}): Named<void> {
    let runs = 0;
    return [
      name,
      () => {
        runs += 1;
        this.lines.push(runs > times ? name : `${name} fails`);
        if (runs <= times) throw new Error(message);
      },
    ];
  }

  /** Takes a while, and may fail then; does not listen to its signal. Leaves a line at the beginning and one at the end. */
  takes(name: string, ms: number, { fails = false }: { fails?: boolean } = {}): Named<Promise<void>> {
    return [
      name,
      async () => {
        this.lines.push(`${name} begins`);
        await pause(this.#clock, ms);
        this.lines.push(fails ? `${name} fails` : `${name} ends`);
        if (fails) throw new Error(`no ${name}`);
      },
    ];
  }
}

/** Name and status of each pointer, in order of creation. */
export async function statuses(host: Pick<WorkflowHost, "getHistory">, id: string): Promise<readonly string[]> {
  return (await host.getHistory(id)).map(({ stepName, status }) => `${stepName} ${status}`);
}

/** The messages of the recorded failures. */
export async function failures(host: Pick<WorkflowHost, "getErrors">, id: string): Promise<readonly string[]> {
  return (await host.getErrors(id)).map(({ message }) => message);
}

/** Starts a workflow on a new host, and lets it run as far as it gets at once. */
export async function begin(
  { host: newHost, clock }: Scenario,
  definition: WorkflowDefinition<Traced>,
  options?: HostOptions,
): Promise<{ readonly host: WorkflowHost; readonly id: string }> {
  const host = await newHost((h) => h.registerWorkflowDefinition(definition), options);
  const id = await host.startWorkflow(definition, { n: 0 });
  await clock.settle();
  return { host, id };
}
