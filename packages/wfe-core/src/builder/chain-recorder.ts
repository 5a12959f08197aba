import type { Condition } from "../models/condition.ts";
import type { Duration } from "../models/duration.ts";
import type { PollEndpointConfig } from "../models/poll-endpoint.ts";
import { storedPollConfig } from "../runtime/poll-config.ts";
import type { AnyDefinition } from "../traits/workflow-registry.ts";
import { bodyNode } from "./body-node.ts";
import { BranchesRecorder, CasesRecorder, type RecordBlock } from "./case-recorder.ts";
import { definitionOf, refused } from "./definition-of.ts";
import { DEEPEST } from "./graph-walk.ts";
import { writeGraph } from "./graph-writer.ts";
import { inlineNode } from "./inline-node.ts";
import { refuseToBeAwaited } from "./refuse-to-be-awaited.ts";
import { type ChainNode, shownNode, stepNode, type StepNode } from "./step-node.ts";
import { type RecordedBlock, StepRecorder } from "./step-recorder.ts";
import { type RecordedChildOptions, subWorkflowNode } from "./sub-workflow-node.ts";
import { activityNode, durationParts, type RecordedEvent, type RecordedWaitOptions, waitForAnyNode, waitForNode } from "./wait-node.ts";
import type { WorkflowDraft } from "./workflow-draft.ts";

type Fn = (...args: never[]) => unknown;
type Question = Fn | Condition;

/**
 * What every builder is at run time: a place in a chain, with the verbs that go on from there and the settings of the step before it. The
 * interfaces of `verbs.ts` say which of them the author sees.
 */
export class ChainRecorder extends StepRecorder {
  readonly #chain: ChainNode;
  readonly #last: StepNode | undefined;
  readonly #depth: number;

  /**
   * @param depth - How many blocks enclose the chain.
   * @param last - The step to go on from; `undefined` at the start of the chain.
   */
  constructor(draft: WorkflowDraft, chain: ChainNode, depth: number, last?: StepNode) {
    super(draft, last);
    this.#chain = chain;
    this.#depth = depth;
    this.#last = last;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- the first word of the language; it refuses to be awaited
  then(...args: readonly unknown[]): ChainRecorder {
    refuseToBeAwaited(args);
    return this.#append(bodyNode(this.draft, args[0], args[1]));
  }

  startWith(...args: readonly unknown[]): ChainRecorder {
    return this.then(...args);
  }

  thenFn(name: string, fn: Fn): ChainRecorder {
    return this.#append(inlineNode(this.draft, "thenFn", name, fn));
  }

  waitFor(event: RecordedEvent, key: unknown, options?: RecordedWaitOptions): ChainRecorder {
    return this.#append(waitForNode(event, key, options));
  }

  waitForAny(
    events: Readonly<Record<string, { readonly event: RecordedEvent; readonly key: unknown }>>,
    options?: RecordedWaitOptions,
  ): ChainRecorder {
    return this.#append(waitForAnyNode(events, options));
  }

  activity(activity: RecordedEvent, input: Fn, options?: RecordedWaitOptions): ChainRecorder {
    return this.#append(activityNode(activity, input, options));
  }

  pollEndpoint(config: PollEndpointConfig | Fn): ChainRecorder {
    const parts = typeof config === "function" ? { functions: { config } } : { settings: { config: storedPollConfig(config) } };
    return this.#append(stepNode("pollEndpoint", "pollEndpoint", parts));
  }

  subWorkflow(child: string | AnyDefinition, input: Fn, options?: number | RecordedChildOptions): ChainRecorder {
    return this.#append(subWorkflowNode(child, input, options));
  }

  delay(duration: Duration | Fn): ChainRecorder {
    return this.#append(stepNode("delay", "delay", durationParts("duration", duration, "duration of delay")));
  }

  schedule(after: Duration | Fn, block: RecordedBlock): ChainRecorder {
    const node = stepNode("schedule", "schedule", durationParts("duration", after, "duration of schedule"));
    return this.#container(node, (record) => [record("body", block)]);
  }

  recur(interval: Duration | Fn, until: Question, block: RecordedBlock): ChainRecorder {
    const node = stepNode("recur", "recur", durationParts("interval", interval, "interval of recur"));
    this.ask(node, "until", until);
    return this.#container(node, (record) => [record("body", block)]);
  }

  ifDo(condition: Question, then: RecordedBlock, otherwise?: RecordedBlock): ChainRecorder {
    const node = stepNode("if", "ifDo");
    this.ask(node, "condition", condition);
    return this.#container(node, (record) => [record("then", then), ...(otherwise === undefined ? [] : [record("otherwise", otherwise)])]);
  }

  whileDo(condition: Question, block: RecordedBlock): ChainRecorder {
    const node = stepNode("while", "whileDo");
    this.ask(node, "condition", condition);
    return this.#container(node, (record) => [record("body", block)]);
  }

  forEach(items: Fn, block: RecordedBlock, options: { readonly parallel?: boolean } = {}): ChainRecorder {
    const node = stepNode("forEach", "forEach", { functions: { items }, settings: { parallel: options.parallel ?? true } });
    return this.#container(node, (record) => [record("body", block)]);
  }

  parallel(branches: (p: never) => unknown): ChainRecorder {
    const node = stepNode("parallel", "parallel");
    return this.#container(node, (record) => {
      const recorder = new BranchesRecorder(record);
      this.#expect(called(branches, recorder), recorder, () => `parallel of ${shownNode(node)} must return what the last branch(…) gave`);
      return recorder.blocks;
    });
  }

  decide(on: Fn, cases: (d: never) => unknown): ChainRecorder {
    const node = stepNode("decide", "decide", { functions: { on } });
    return this.#container(node, (record) => {
      const recorder = new CasesRecorder(record);
      this.#expect(called(cases, recorder), recorder, () => `decide of ${shownNode(node)} must return what the last case(…) or otherwise(…) gave`);
      return recorder.blocks;
    });
  }

  saga(block: RecordedBlock): ChainRecorder {
    return this.#container(stepNode("saga", "saga"), (record) => [record("body", block)]);
  }

  use(fragment: RecordedBlock): ChainRecorder {
    const result = called(fragment, new ChainRecorder(this.draft, this.#chain, this.#depth, this.#last));
    if (result instanceof ChainRecorder && result.#chain === this.#chain) return result;
    const hint = andNotAsync(result);
    this.draft.fault(() => `a fragment given to use(…) must return the chain that it was given, gone on${hint}`);
    return this;
  }

  goTo(stepId: string): ChainRecorder {
    return this.#append(stepNode("goTo", `goTo ${stepId}`, { settings: { target: stepId } }));
  }

  endWorkflow(): ChainRecorder {
    return this.#append(stepNode("end", "endWorkflow"));
  }

  /** @throws DefinitionError with all faults. */
  build(id: string, version: number): AnyDefinition {
    if (this.#chain !== this.draft.root) throw refused({ id, version }, ["build is called inside a block: it belongs to the workflow itself"]);
    const { graph, functions } = writeGraph(this.draft);
    return definitionOf({ id, version, description: this.draft.description, graph }, functions, this.draft.faults());
  }

  protected override chainOf(block: RecordedBlock, what: () => string): ChainNode {
    const chain: ChainNode = {};
    if (typeof block !== "function") {
      this.draft.fault(() => `${what()} is no function`);
      return chain;
    }
    // A block too deep is not recorded, which would overflow the stack: the check of the graph finds that there is one.
    if (this.#depth > DEEPEST) return { first: stepNode("end", "too deep") };
    const result = block(new ChainRecorder(this.draft, chain, this.#depth + 1) as never);
    if (!(result instanceof ChainRecorder && result.#chain === chain)) {
      const hint = andNotAsync(result);
      this.draft.fault(() => `${what()} must return the chain of its own steps${hint}`);
    }
    return chain;
  }

  #container(node: StepNode, blocks: (record: RecordBlock) => readonly ReturnType<RecordBlock>[]): ChainRecorder {
    const after = this.#append(node);
    const recordBlock: RecordBlock = (role, block, { name, value } = {}) => {
      const what = (): string => `the block ${role} of ${shownNode(node)}`;
      return {
        ...this.block(role, block, what),
        ...(name === undefined ? {} : { name }),
        ...(role === "case" ? { value: this.draft.fixedValue(value, () => `the value of ${what()}`) } : {}),
      };
    };
    for (const block of blocks(recordBlock)) node.blocks.push(block); // not spread: there may be more than a call may have arguments
    return after;
  }

  #append(node: StepNode): ChainRecorder {
    const last = this.#last;
    const taken = last === undefined ? this.#chain.first : last.next;
    if (taken !== undefined) {
      const place = (): string => (last === undefined ? "a chain starts" : `${shownNode(last)} goes on`);
      this.draft.fault(() => `${place()} with ${shownNode(taken)} and again with ${shownNode(node)}: go on from what the last verb returned`);
    } else if (last === undefined) {
      this.#chain.first = node;
    } else {
      last.next = node;
    }
    return new ChainRecorder(this.draft, this.#chain, this.#depth, node);
  }

  #expect(result: unknown, recorder: unknown, describe: () => string): void {
    if (result === recorder) return;
    const hint = andNotAsync(result);
    this.draft.fault(() => describe() + hint);
  }
}

/** What a function of the author's gives; of what is no function `undefined`, which is refused as what it would have to give. */
function called(block: RecordedBlock, recorder: unknown): unknown {
  return typeof block === "function" ? block(recorder as never) : undefined;
}

/**
 * The end of a fault when a block was async: it gave a promise, which rejects when it awaits a builder. The fault says it all, so nobody else
 * need hear of it.
 */
function andNotAsync(result: unknown): string {
  if (!(result instanceof Promise)) return "";
  void result.catch(() => undefined);
  return ", and not be async";
}
