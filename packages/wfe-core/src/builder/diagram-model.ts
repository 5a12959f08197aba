import type { BlockDefinition, StepDefinition, StepKind } from "../models/step-definition.ts";
import type { WorkflowDefinition } from "../models/workflow-definition.ts";
import type { PointerStatus } from "../models/workflow-status.ts";
import { checkedDefinition } from "./checked-definition.ts";
import { detailOf, shownJson } from "./diagram-text.ts";

/** An instance to be drawn: what `getHistory` gives, under its name, or a whole record. */
export interface DrawnInstance {
  /** In order of creation. */
  readonly pointers: readonly { readonly stepId: number; readonly status: PointerStatus }[];
}

/** How a node looks. */
export type DiagramShape = "start" | "done" | "work" | "child" | "wait" | "choice" | "container" | "jump" | "end";

/** A step, or the start or the end of the workflow. */
export interface DiagramNode {
  readonly id: string;
  /** Texts below each other. */
  readonly texts: readonly string[];
  readonly shape: DiagramShape;
  /** That of its latest pointer. */
  readonly status: PointerStatus | undefined;
}

/** A container with all that stands in it. */
export interface DiagramGroup {
  readonly id: string;
  readonly title: string;
  readonly members: DiagramMember[];
}

/** What a diagram or a group consists of. */
export type DiagramMember = DiagramNode | DiagramGroup;

/** Where the flow goes: on, beside (`fork`), back to undo, or to the target of a `goTo`. */
export interface DiagramEdge {
  readonly from: string;
  readonly to: string;
  readonly style: "flow" | "fork" | "undo" | "jump";
  readonly label?: string;
}

/** A definition as a drawing, before it is written in any language. */
export interface Diagram {
  readonly title: string;
  readonly members: readonly DiagramMember[];
  readonly edges: readonly DiagramEdge[];
}

/** @throws DefinitionError for what is no definition that can run, TypeError for a workflow that is not built. */
export function diagramOf(definition: WorkflowDefinition<unknown, never>, instance: DrawnInstance | undefined): Diagram {
  const { id, version, graph } = checkedDefinition(definition);
  return new Drawing(`${id} ${version}`, graph.steps, instance?.pointers ?? []).diagram();
}

const SHAPES: Readonly<Record<StepKind, DiagramShape>> = {
  step: "work",
  inline: "work",
  if: "choice",
  while: "choice",
  forEach: "container",
  parallel: "container",
  delay: "wait",
  waitFor: "wait",
  waitForAny: "wait",
  activity: "wait",
  subWorkflow: "child",
  pollEndpoint: "wait",
  decide: "choice",
  saga: "container",
  schedule: "container",
  recur: "container",
  outcome: "choice",
  timeout: "choice",
  goTo: "jump",
  end: "end",
};

/** What stands on the edge that leads on past the blocks, and whether there is one. */
const PAST_BLOCKS: Readonly<Partial<Record<StepKind, string>>> = {
  if: "else",
  while: "else",
  outcome: "else",
  timeout: "in time",
  forEach: "none left",
};

class Drawing {
  readonly #title: string;
  readonly #steps: readonly StepDefinition[];
  readonly #seen = new Map<number, { readonly latest: PointerStatus; readonly count: number }>();
  readonly #targets: ReadonlyMap<string | undefined, number>;
  readonly #edges: DiagramEdge[] = [];

  constructor(title: string, steps: readonly StepDefinition[], pointers: DrawnInstance["pointers"]) {
    this.#title = title;
    this.#steps = steps;
    this.#targets = new Map(steps.map((step) => [step.externalId, step.id]));
    for (const { stepId, status } of pointers) this.#seen.set(stepId, { latest: status, count: (this.#seen.get(stepId)?.count ?? 0) + 1 });
  }

  diagram(): Diagram {
    const members: DiagramMember[] = [{ id: "start", texts: [this.#title], shape: "start", status: undefined }];
    this.#edge("start", nodeId(0), "flow");
    this.#chain(0, members, "done");
    if (this.#edges.some(({ to }) => to === "done")) members.push({ id: "done", texts: ["done"], shape: "done", status: undefined });
    return { title: this.#title, members, edges: this.#edges };
  }

  /** @param after - Where the flow goes from the last step; `undefined`: nowhere. */
  #chain(entry: number, members: DiagramMember[], after: string | undefined): void {
    for (let id: number | undefined = entry; id !== undefined; ) {
      const step = this.#step(id);
      this.#place(step, members, step.next === undefined ? after : nodeId(step.next));
      id = step.next;
    }
  }

  #place(step: StepDefinition, around: DiagramMember[], target: string | undefined): void {
    const { kind, blocks = [], compensationStep } = step;
    const node = nodeId(step.id);
    let members = around;
    if (blocks.length > 0) {
      members = [];
      around.push({ id: `group${step.id}`, title: groupTitle(step), members });
    }
    members.push(this.#node(step));
    for (const block of blocks) {
      this.#edge(node, nodeId(block.entry), isFork(kind) ? "fork" : "flow", blockLabel(block, step));
      this.#chain(block.entry, members, isFork(kind) ? undefined : repeats(step) ? node : target);
    }
    if (goesPast(step)) this.#edge(node, target, "flow", PAST_BLOCKS[kind]);
    if (kind === "goTo") this.#edge(node, nodeId(this.#targets.get(step.settings?.["target"] as string) ?? 0), "jump"); // which exists: it was checked
    if (compensationStep !== undefined) {
      this.#edge(node, nodeId(compensationStep), "undo", "undo");
      this.#chain(compensationStep, around, undefined);
    }
  }

  #node(step: StepDefinition): DiagramNode {
    const seen = this.#seen.get(step.id);
    const detail = detailOf(step);
    const texts = [
      step.name,
      ...(detail === undefined ? [] : [detail]),
      ...(step.externalId === undefined ? [] : [`#${step.externalId}`]),
      ...(seen === undefined ? [] : [seen.count === 1 ? seen.latest : `${seen.latest}, ${seen.count} times`]),
    ];
    return { id: nodeId(step.id), texts, shape: SHAPES[step.kind], status: seen?.latest };
  }

  #edge(from: string, to: string | undefined, style: DiagramEdge["style"], label?: string): void {
    if (to !== undefined) this.#edges.push({ from, to, style, ...(label === undefined ? {} : { label }) });
  }

  #step(id: number): StepDefinition {
    return this.#steps[id] as StepDefinition; // every edge leads to a step: it was checked
  }
}

function nodeId(step: number): string {
  return `step${step}`;
}

function isFork(kind: StepKind): boolean {
  return kind === "schedule" || kind === "recur";
}

/** Whether the end of a block leads back to its container. */
function repeats({ kind, settings }: StepDefinition): boolean {
  return kind === "while" || (kind === "forEach" && settings?.["parallel"] === false);
}

/** Whether the flow can go on from a step without one of its blocks. */
function goesPast({ kind, blocks = [] }: StepDefinition): boolean {
  if (kind === "if") return !blocks.some(({ role }) => role === "otherwise");
  return !["decide", "parallel", "saga", "goTo", "end"].includes(kind);
}

function groupTitle({ kind, settings }: StepDefinition): string {
  if (kind === "step" || kind === "inline") return "children";
  return kind === "forEach" ? `forEach, ${settings?.["parallel"] === false ? "one by one" : "all at once"}` : kind;
}

function blockLabel(block: BlockDefinition, { kind }: StepDefinition): string | undefined {
  switch (block.role) {
    case "case":
    case "outcome":
      return shownJson(block.value);
    case "branch":
      return block.name;
    case "body":
      return kind === "saga" || isFork(kind) ? undefined : "each";
    case "children":
      return "each";
    case "timeout":
      return "too late";
    default:
      return block.role;
  }
}
