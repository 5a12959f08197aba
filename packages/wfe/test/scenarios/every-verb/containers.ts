import { ExecutionResult, WorkflowBuilder } from "../../../src/index.ts";
import { type Chained, counted, fails, itemsBelow, type Lab, mark, PAUSE_MS, type Place, reset, tally, type Trace } from "./fragment.ts";

type Block = (at: Place) => Chained;

/** A place where a verb can stand. */
export interface Container {
  readonly name: string;
  /** Paths of the items, one for each time that the block runs. */
  readonly runs: readonly string[];
  /** All of them at the same time. */
  readonly atOnce?: true;
  put(at: Place, block: Block, lab: Lab): Chained;
  /** Its own pointers, as of a verb. */
  readonly history: readonly string[];
  /** Its pointers when the verb inside has failed for good. @default `history` */
  readonly undoneHistory?: readonly string[];
  /** What runs behind it waits for it, or does not. */
  readonly forks?: true;
  /** What the verb leaves running beside the flow is not waited for. */
  readonly leavesForks?: true;
  /** It is a workflow of its own. */
  readonly isWorkflow?: true;
  /** Where a verb that fails for good is undone: by a saga around all runs, or within each. */
  readonly saga?: "around" | "within";
  /** `goTo` may leave it; else what the refusal says. */
  readonly goToOut: true | string;
  readonly isCompensator?: true;
  /** Beginnings of the messages of its own failed attempts. */
  readonly errors?: readonly string[];
}

/** The container that is none. */
export const MAIN = "the main chain";

const ONCE = [""];
const TWICE = ["", ""];
const EACH = ["/0", "/1"];
const outside = (container: string): string => `stands outside the ${container} that encloses it: that cannot be left by goTo`;

/** The block, run twice by a `whileDo` or `recur` around it. */
const counting =
  (block: Block): Block =>
  (at) =>
    block(tally(at, "turns"));

const forEach = (at: Place, block: Block, parallel: boolean): Chained => at.forEach((_, ctx) => itemsBelow(ctx), block, { parallel });
const whileDo = (at: Place, block: Block): Chained => reset(at, "turns").whileDo((data, ctx) => counted(data, ctx, "turns") < 2, counting(block));
const schedule = (at: Place, block: Block): Chained => at.schedule(PAUSE_MS, block);

/** Where a failing step in front of a block is what makes it run. */
const failing = (at: Place, block: Block): Chained => at.thenFn("broken", () => fails("broken")).compensateWithSequence(block);

/** The workflow itself, and what runs one of several blocks. */
export const CHOICES: readonly Container[] = [
  { name: MAIN, runs: ONCE, leavesForks: true, put: (at, block) => at.use(block), history: [], goToOut: true },
  {
    name: "an `ifDo`",
    runs: ONCE,
    put: (at, block) => at.ifDo(() => true, block),
    history: ["ifDo complete"],
    goToOut: true,
  },
  {
    name: "the otherwise of an `ifDo`",
    runs: ONCE,
    put: (at, block, lab) =>
      at.ifDo(
        () => false,
        (b) => mark(b, "then", lab),
        block,
      ),
    history: ["ifDo complete"],
    goToOut: true,
  },
  {
    name: "a case of `decide`",
    runs: ONCE,
    put: (at, block, lab) =>
      at.decide(
        () => "this" as string,
        (d) => d.case("that", (b) => mark(b, "that", lab)).case("this", block),
      ),
    history: ["decide complete"],
    goToOut: true,
  },
  {
    name: "the otherwise of `decide`",
    runs: ONCE,
    put: (at, block, lab) =>
      at.decide(
        () => "none" as string,
        (d) => d.case("that", (b) => mark(b, "that", lab)).otherwise(block),
      ),
    history: ["decide complete"],
    goToOut: true,
  },
  {
    name: "an `onOutcome`",
    runs: ONCE,
    put: (at, block) => at.thenFn("decides", () => ExecutionResult.outcome("yes")).onOutcome("yes", block),
    history: ["decides complete", "decides: outcome complete"],
    goToOut: true,
  },
  {
    name: "an `onTimeout`",
    runs: ONCE,
    put: (at, block) => at.waitFor("nobody publishes it", "", { timeout: PAUSE_MS }).onTimeout(block),
    history: ["waitFor nobody publishes it complete", "waitFor nobody publishes it: timeout complete"],
    goToOut: true,
  },
];

/** What runs a block several times, or several blocks. */
export const SEVERAL: readonly Container[] = [
  {
    name: "a `whileDo`",
    runs: TWICE,
    put: whileDo,
    history: ["reset complete", "whileDo complete", "turns complete", "turns complete"],
    goToOut: true,
  },
  {
    name: "a `forEach` at once",
    runs: EACH,
    atOnce: true,
    put: (at, block) => forEach(at, block, true),
    history: ["forEach complete"],
    goToOut: outside("parallel forEach"),
  },
  {
    name: "a `forEach` in order",
    runs: EACH,
    put: (at, block) => forEach(at, block, false),
    history: ["forEach complete"],
    goToOut: true,
  },
  {
    name: "a branch of `parallel`",
    runs: ONCE,
    put: (at, block) =>
      at.parallel((p) =>
        p
          .branch((b) => b.thenFn("sibling", () => {}))
          .branch("named", block)
          .branch((b) => b.delay(PAUSE_MS).thenFn("slow sibling", () => {})),
      ),
    history: ["parallel complete", "sibling complete", "delay complete", "slow sibling complete"],
    goToOut: outside("parallel"),
  },
  {
    name: "the `children` of a step",
    runs: EACH,
    atOnce: true,
    put: (at, block) => at.thenFn("divides", (ctx) => ExecutionResult.branch(itemsBelow(ctx))).children((b) => block(b as Place)),
    history: ["divides complete"],
    goToOut: outside("inline"),
  },
];

/** What stands apart from the flow around it. */
export const APART: readonly Container[] = [
  {
    name: "a `saga`",
    runs: ONCE,
    put: (at, block) => at.saga(block),
    history: ["saga complete"],
    undoneHistory: ["saga compensated"],
    saga: "around",
    goToOut: outside("saga"),
  },
  {
    name: "a `compensateWithSequence`",
    runs: ONCE,
    put: failing,
    // The flow goes on behind its step when its chain has ended: what it forks belongs to what is around the step.
    leavesForks: true,
    history: ["broken compensated"],
    goToOut: "stands in a compensator, which cannot be left with goTo",
    isCompensator: true,
    errors: ["broken"],
  },
  {
    name: "a `compensateWithSequence` of a saga's step",
    runs: ONCE,
    put: (at, block) => at.saga((b) => failing(b, block)),
    history: ["saga compensated", "broken compensated"],
    goToOut: "stands in a compensator, which cannot be left with goTo",
    isCompensator: true,
    errors: ["broken"],
  },
  {
    name: "a `schedule`",
    runs: ONCE,
    forks: true,
    put: schedule,
    history: ["schedule complete"],
    goToOut: outside("schedule"),
  },
  {
    name: "a `recur`",
    runs: TWICE,
    forks: true,
    put: (at, block) => reset(at, "turns").recur(PAUSE_MS, (data, ctx) => counted(data, ctx, "turns") >= 2, counting(block)),
    history: ["reset complete", "recur complete", "turns complete", "turns complete"],
    goToOut: outside("recur"),
  },
  {
    name: "a sub-workflow",
    runs: ONCE,
    put: (at, block, lab) => {
      const child = block(new WorkflowBuilder<Trace>()).build("child of all", lab.version);
      lab.definitions.push(child);
      return at.subWorkflow(child, () => ({ seen: [], counts: {} })).output(({ seen }, data) => void data.seen.push(...seen));
    },
    history: ["subWorkflow child of all complete"],
    isWorkflow: true,
    goToOut: "no step has that id",
  },
];

/** Containers in each other. */
export const NESTED: readonly Container[] = [
  {
    name: "an `ifDo` in a `forEach` at once",
    runs: EACH,
    atOnce: true,
    put: (at, block) => forEach(at, (b) => b.ifDo(() => true, block), true),
    history: ["forEach complete", "/0:ifDo complete", "/1:ifDo complete"],
    goToOut: outside("parallel forEach"),
  },
  {
    name: "a `forEach` at once in a `forEach` in order",
    runs: ["/0/0", "/0/1", "/1/0", "/1/1"],
    atOnce: true,
    put: (at, block) => forEach(at, (b) => forEach(b, block, true), false),
    history: ["forEach complete", "/0:forEach complete", "/1:forEach complete"],
    goToOut: outside("parallel forEach"),
  },
  {
    name: "a `saga` in a `whileDo`",
    runs: TWICE,
    put: (at, block) => whileDo(at, (b) => b.saga(block)),
    history: ["reset complete", "whileDo complete", "turns complete", "turns complete", "saga complete", "saga complete"],
    undoneHistory: ["reset complete", "whileDo complete", "turns complete", "turns complete", "saga compensated", "saga compensated"],
    saga: "within",
    goToOut: outside("saga"),
  },
  {
    name: "a `forEach` in order in a `saga`",
    runs: EACH,
    put: (at, block) => at.saga((b) => forEach(b, block, false)),
    history: ["saga complete", "forEach complete"],
    undoneHistory: ["saga compensated", "forEach cancelled"],
    saga: "around",
    goToOut: outside("saga"),
  },
  {
    name: "a branch of `parallel` in a `schedule`",
    runs: ONCE,
    forks: true,
    put: (at, block) => schedule(at, (b) => b.parallel((p) => p.branch((c) => c.delay(PAUSE_MS)).branch(block))),
    history: ["schedule complete", "parallel complete", "delay complete"],
    goToOut: outside("parallel"),
  },
];
