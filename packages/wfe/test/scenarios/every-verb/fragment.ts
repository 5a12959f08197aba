import type { Chain, ExecutionPointer, StepBuilder, StepExecutionContext, Verbs, WorkflowDefinition, WorkflowHost } from "../../../src/index.ts";

/** The data of every workflow here. */
export interface Trace {
  /** Labels that outputs have written, in the order of their results. */
  seen: string[];
  /** By place and name. */
  counts: Record<string, number>;
}

/** Anywhere a verb can stand: behind the builder of a workflow, in a block, behind a step. */
// Blocks differ in what starts their workflow, which no verb looks at.
export type Place = Verbs<Trace, unknown, any>;
export type Chained = StepBuilder<Trace, unknown, any>;
export type Context = StepExecutionContext<unknown, unknown>;

/** One workflow with all that happens around it. */
export interface Lab {
  /** Labels of bodies, as they began to run. */
  readonly ran: string[];
  /** What a step saw that it should not have. */
  readonly faults: string[];
  /** Workflows that have to be registered too. */
  readonly definitions: WorkflowDefinition<any, any>[];
  /** Pointers that somebody outside has answered already. */
  readonly answered: Set<string>;
  /** Version of its definitions, and part of its step keys: the workflows of all verbs run on one host. */
  readonly version: number;
}

export function newLab(version: number): Lab {
  return { ran: [], faults: [], definitions: [], answered: new Set(), version };
}

/** A verb of the builder, as a fragment, and what it must have done for each time that it was come to. */
export interface Verb {
  readonly name: string;
  put(at: Place, lab: Lab): Chain;
  /** Labels of its outputs, in order. One inside an item of the verb's own begins with its path: `/0:each`. */
  readonly seen: readonly string[];
  /** Labels of its bodies. @default `seen` */
  readonly ran?: readonly string[];
  /** Labels of outputs and bodies in what it leaves running beside the flow. */
  readonly beside?: readonly string[];
  /** Its pointers: name of the step and how it ended. */
  readonly history: readonly string[];
  /** Beginnings of the messages of failed attempts. */
  readonly errors?: readonly string[];
  /** Its labels come in any order. */
  readonly anyOrder?: true;
  /** What follows: nothing in its chain; nothing in the workflow; the step in front of the container, once more. @default the next step */
  readonly leadsTo?: "end of chain" | "end of workflow" | "before";
  /** It fails for good and is undone; outside of sagas the flow goes on behind it. */
  readonly undone?: true;
  /** Names of the events that it waits for, under keys of `keyAt`. */
  readonly awaits?: readonly string[];
  /** Why it cannot stand in a compensator. */
  readonly refusedInCompensator?: string;
  /** What somebody outside does: called about once a second with the open pointers while the workflow runs. */
  answer?(host: WorkflowHost, open: readonly ExecutionPointer[], lab: Lab): Promise<void>;
}

/** Where a body or an output stands: the path of the items around it. */
export function pathOf({ item }: { readonly item?: unknown }): string {
  return typeof item === "string" ? item : "";
}

/** Key of the events for what stands in an item. */
export function keyAt(path: string): string {
  return `key${path}`;
}

export function labelOf(ctx: { readonly item?: unknown }, name: string): string {
  return `${pathOf(ctx)}:${name}`;
}

/** Notes that a body runs, and that it sees the index of its item. */
export function note(lab: Lab, ctx: Context, name: string): string {
  const label = labelOf(ctx, name);
  lab.ran.push(label);
  const index = pathOf(ctx).split("/").at(-1);
  if (String(ctx.index ?? "") !== index) lab.faults.push(`${label} saw the index ${String(ctx.index)}`);
  return label;
}

/** A step that notes its body and its output. */
export function mark(at: Place, name: string, lab: Lab): Chained {
  return at.thenFn(name, (ctx) => note(lab, ctx, name)).output((label, data) => void data.seen.push(label));
}

/** A step that counts how often it was come to in its place. */
export function tally(at: Place, name: string): Chained {
  return at
    .thenFn(name, () => 1)
    .output((by, data, ctx) => {
      const key = labelOf(ctx, name);
      data.counts[key] = (data.counts[key] ?? 0) + by;
    });
}

/** A step that sets such a count back, for places that are come to again. */
export function reset(at: Place, name: string): Chained {
  return at.thenFn("reset", () => 0).output((zero, data, ctx) => void (data.counts[labelOf(ctx, name)] = zero));
}

export function counted(data: Readonly<Trace>, ctx: { readonly item?: unknown }, name: string): number {
  return data.counts[labelOf(ctx, name)] ?? 0;
}

/** Two items below those around. */
export function itemsBelow(ctx: { readonly item?: unknown }): string[] {
  return [`${pathOf(ctx)}/0`, `${pathOf(ctx)}/1`];
}

export const PAUSE_MS = 10;

export function fails(message: string): never {
  throw new Error(message);
}
