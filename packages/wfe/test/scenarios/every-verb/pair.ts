import { WorkflowBuilder, type WorkflowDefinition } from "../../../src/index.ts";
import { type Container, MAIN } from "./containers.ts";
import { type Chained, type Lab, mark, type Place, type Trace, type Verb } from "./fragment.ts";

/** A workflow with a verb in a container, between steps in front of it and behind it, in the block and around the container. */
export function framed(verb: Verb, container: Container, lab: Lab): WorkflowDefinition<Trace> {
  const block = (at: Place): Chained => {
    const chain = verb.put(mark(at, "in", lab), lab);
    // Nothing can follow the end of a workflow.
    return verb.leadsTo === "end of workflow" ? (chain as Chained) : mark(chain as Chained, "out", lab);
  };
  const before = mark(new WorkflowBuilder<Trace>(), "before", lab).id("before");
  const chain = container.put(before, block, lab);
  return (verb.leadsTo === "end of workflow" && container.name === MAIN ? chain : mark(chain, "after", lab)).build("w", lab.version);
}

/** What must be there of a pair once its workflow is complete. */
export class Expected {
  readonly #verb: Verb;
  readonly #container: Container;

  constructor(verb: Verb, container: Container) {
    this.#verb = verb;
    this.#container = container;
  }

  /** Paths of the runs of the block: a verb that fails for good in a saga around all of them ends it. */
  get runs(): readonly string[] {
    const { runs, saga } = this.#container;
    return this.#verb.undone === true && saga === "around" ? runs.slice(0, 1) : runs;
  }

  /** Whether what stands behind the verb in its block runs. */
  get #goesOn(): boolean {
    return this.#verb.leadsTo !== "end of chain" && !(this.#verb.undone === true && this.#container.saga !== undefined);
  }

  /** Whether what stands behind the container runs. */
  get #followed(): boolean {
    return this.#goesOn || this.#container.name !== MAIN;
  }

  /** Ends of all pointers, in no order. */
  get history(): readonly string[] {
    const { history, undoneHistory = history } = this.#container;
    const own = this.#verb.undone === true ? undoneHistory : history;
    const inner = ["in complete", ...this.#verb.history, ...(this.#goesOn ? ["out complete"] : [])];
    return [
      "before complete",
      ...own,
      ...this.runs.flatMap((path) => inner.map((label) => placed(path, label))),
      ...(this.#followed ? ["after complete"] : []),
    ]
      .map((label) => (label.startsWith("/") ? label : `:${label}`))
      .map((label) => label.replace(/^::/, ":"));
  }

  /** Beginnings of the messages of all failed attempts. */
  get errors(): readonly string[] {
    return [...(this.#container.errors ?? []), ...this.runs.flatMap(() => this.#verb.errors ?? [])];
  }

  /** What is wrong with a log of labels. */
  faultsOf(log: readonly string[], inside: readonly string[]): readonly string[] {
    const { beside = [] } = this.#verb;
    const { forks, leavesForks, atOnce } = this.#container;
    const waits = forks !== true && (leavesForks !== true || beside.length === 0);
    const faults: string[] = [];
    if (log[0] !== ":before") faults.push("it does not begin with the step in front");
    const behind = log.filter((label) => label === ":after").length;
    if (behind !== (this.#followed ? 1 : 0)) faults.push(`the step behind ran ${behind} times`);
    if (this.#followed && waits && log.at(-1) !== ":after") faults.push("the step behind did not come last");
    const isBeside = (label: string): boolean => beside.includes(label.slice(label.indexOf(":") + 1));
    const rest = log.filter((label) => label !== ":before" && label !== ":after");
    const lanes = atOnce === true ? this.runs.map((path) => [path]) : [this.runs];
    const lanesOf = (labels: readonly string[]) =>
      lanes.map((lane) => labels.filter((label) => atOnce !== true || label.startsWith(`${lane[0]}:`) || label.startsWith(`${lane[0]}/`)));
    const once = ["in", ...inside, ...(this.#goesOn ? ["out"] : [])];
    lanesOf(rest.filter((label) => !isBeside(label))).forEach((labels, index) => {
      const wanted = (lanes[index] ?? []).flatMap((path) => once.map((label) => placed(path, label)));
      if (this.#inOrder(labels, once.length).join() !== this.#inOrder(wanted, once.length).join())
        faults.push(`${labels.join(" ")} in place of ${wanted.join(" ")}`);
    });
    lanesOf(rest.filter(isBeside)).forEach((labels, index) => {
      const wanted = (lanes[index] ?? []).flatMap((path) => beside.map((label) => placed(path, label)));
      if (labels.join() !== wanted.join()) faults.push(`beside it ${labels.join(" ")} in place of ${wanted.join(" ")}`);
    });
    if (lanesOf(rest).flat().length !== rest.length) faults.push("something ran for no item of the container");
    return faults.map((fault) => `${fault}: ${log.join(" ")}`);
  }

  /** The labels as they are, or those of each run sorted. */
  #inOrder(labels: readonly string[], size: number): readonly string[] {
    if (this.#verb.anyOrder !== true) return labels;
    const last = this.#goesOn ? 1 : 0;
    return Array.from({ length: Math.ceil(labels.length / size) }, (_, run) => labels.slice(run * size, (run + 1) * size)).flatMap((of) => [
      ...of.slice(0, 1),
      ...of.slice(1, of.length - last).toSorted(),
      ...of.slice(of.length - last),
    ]);
  }
}

/** A label of a verb, in the item at this path. */
function placed(path: string, label: string): string {
  return label.startsWith("/") ? `${path}${label}` : `${path}:${label}`;
}
