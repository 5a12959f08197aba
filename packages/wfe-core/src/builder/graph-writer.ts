import type { BlockDefinition, FunctionKey, StepDefinition, StepKind } from "../models/step-definition.ts";
import type { WorkflowGraph } from "../models/workflow-definition.ts";
import { type BlockNode, type ChainNode, stepNode, type StepNode } from "./step-node.ts";
import type { WorkflowDraft } from "./workflow-draft.ts";

/** A graph and the functions that stand in it by key. */
export interface WrittenGraph {
  readonly graph: WorkflowGraph;
  readonly functions: Map<string, unknown>;
}

type Draft = { -readonly [K in keyof StepDefinition]: StepDefinition[K] };

/**
 * Numbers the recorded steps and writes them down. A step comes before its blocks, they before its compensator, that before the step behind
 * it; so the numbers depend on the structure alone, not on the order in which settings were given.
 */
export function writeGraph(draft: WorkflowDraft): WrittenGraph {
  const steps: Draft[] = [];
  const functions = new Map<string, unknown>();
  if (draft.initialData !== undefined) functions.set("initialData", draft.initialData);
  if (draft.inputSchema !== undefined) functions.set("inputSchema", draft.inputSchema);
  writeChain(draft.root);
  const { defaultErrorBehavior } = draft;
  return { graph: { steps, ...(defaultErrorBehavior === undefined ? {} : { defaultErrorBehavior }) }, functions };

  /** @returns Id of the first step; -1 for a chain without steps, which the definition check reports. */
  function writeChain(chain: ChainNode): number {
    let entry = -1;
    let previous: Draft | undefined;
    for (let node = chain.first; node !== undefined; node = node.next) {
      for (const part of [node, ...holdersBehind(node)]) {
        const step = writeStep(part);
        if (previous === undefined) entry = step.id;
        else previous.next = step.id;
        previous = step;
      }
    }
    return entry;
  }

  function writeStep(node: StepNode): Draft {
    const id = steps.length;
    const put = (role: string, code: unknown): FunctionKey => {
      const key = `${id}.${role}`;
      functions.set(key, code);
      return key;
    };
    const step: Draft = {
      id,
      ...(node.externalId === undefined ? {} : { externalId: node.externalId }),
      name: node.name ?? node.defaultName,
      kind: node.kind,
      ...(node.stepType === undefined ? {} : { stepType: node.stepType }),
      ...(node.stepForm === undefined ? {} : { stepForm: node.stepForm }),
    };
    steps.push(step);
    if (node.functions.size > 0) step.functions = Object.fromEntries([...node.functions].map(([role, code]) => [role, put(role, code)]));
    if (node.expressions.size > 0) step.expressions = Object.fromEntries(node.expressions);
    if (node.inputs.length > 0) step.inputs = node.inputs.map((code, index) => put(`input.${index}`, code));
    if (node.outputs.length > 0) step.outputs = node.outputs.map((code, index) => put(`output.${index}`, code));
    if (Object.keys(node.settings).length > 0) step.settings = { ...node.settings };
    if (node.config !== undefined) step.config = node.config;
    if (node.errorBehavior !== undefined) step.errorBehavior = node.errorBehavior;
    if (node.timeoutMs !== undefined) step.timeoutMs = node.timeoutMs;
    if (node.proceedOnCancel !== undefined) step.proceedOnCancel = node.proceedOnCancel;
    if (node.blocks.length > 0) step.blocks = node.blocks.map(writeBlock);
    if (node.compensation !== undefined) step.compensationStep = writeChain(node.compensation);
    return step;
  }

  function writeBlock(block: BlockNode): BlockDefinition {
    return {
      entry: writeChain(block.chain),
      role: block.role,
      ...(block.name === undefined ? {} : { name: block.name }),
      ...(block.value === undefined ? {} : { value: block.value }),
    };
  }
}

/** The steps that hold what a step leads into behind it: the block of its timeout, the blocks of its outcomes. */
function holdersBehind(node: StepNode): readonly StepNode[] {
  const holders: StepNode[] = [];
  if (node.timeoutBlock !== undefined) holders.push(holder("timeout", `${node.name ?? node.defaultName}: timeout`, [node.timeoutBlock]));
  if (node.outcomes.length > 0) holders.push(holder("outcome", `${node.name ?? node.defaultName}: outcome`, node.outcomes));
  return holders;
}

function holder(kind: StepKind, name: string, blocks: readonly BlockNode[]): StepNode {
  const node = stepNode(kind, name);
  node.blocks.push(...blocks);
  return node;
}
