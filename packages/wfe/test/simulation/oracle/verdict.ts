import type { PointerRow, WorkflowRecord } from "../../../src/index.ts";
import type { FinalState } from "../../../src/test-support/simulation/simulated-program.ts";
import type { Data } from "./build.ts";
import { eventFaults } from "./event-faults.ts";
import type { Family } from "./family.ts";
import { Interpreter } from "./interpreter.ts";
import { InstanceRecord } from "./record.ts";
import { type Chain, type Names, nodesOf, type Tree } from "./tree.ts";

/** What is wrong with what is left of a tree. */
export function verdictOn(tree: Tree, names: Names, final: FinalState): readonly string[] {
  const chains = new Map<string, Chain>([["root", tree.chain]]);
  for (const node of nodesOf(tree.chain)) if (node.kind === "child") chains.set(names.of(node), node.block);
  const roots = [...final.records.values()].filter(({ parent }) => parent === undefined);
  const faults = roots.length === 1 ? [] : [`there are ${roots.length} instances without a parent`];
  for (const row of final.records.values()) {
    const chain = chains.get(row.definitionId);
    if (chain === undefined) {
      faults.push(`${row.id} is of ${row.definitionId}`);
      continue;
    }
    const record = new InstanceRecord(row, final);
    const isRoot = row.parent === undefined;
    const interpreter = new Interpreter(names, tree.onError, record, familyOf(tree, row, final));
    faults.push(...interpreter.interpret(chain, isRoot ? "" : itemOfParent(row, final)), ...eventFaults(tree, names, record, final));
  }
  return faults;
}

function familyOf({ commands = [] }: Tree, row: WorkflowRecord, { records }: FinalState): Family {
  const children = [...records.values()].filter(({ parent }) => parent?.workflowId === row.id);
  const of = (pointer: PointerRow): readonly WorkflowRecord[] =>
    children.filter(({ parent }) => parent?.pointerId === pointer.id).toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
  const parent = row.parent === undefined ? undefined : records.get(row.parent.workflowId);
  const waiting = parent?.pointers.find(({ id }) => id === row.parent?.pointerId);
  const mayBeTerminated =
    row.parent === undefined
      ? commands.some(({ kind }) => kind === "terminate")
      : waiting?.status === "cancelled" || waiting?.status === "compensated" || waiting?.status === "failed" || isSuperseded(row, records);
  return {
    children: (pointer) => of(pointer).map(({ status, data }) => ({ status, logLength: (JSON.parse(data) as Data).log.length })),
    mayBeTerminated,
    mayBeRetried: row.parent === undefined && row.controlSeq > 0 && commands.some(({ kind }) => kind === "retry"),
  };
}

/** Whether the step that has started a child has started another one since. */
function isSuperseded({ parent, createdAt }: WorkflowRecord, records: FinalState["records"]): boolean {
  return [...records.values()].some(
    (other) =>
      other.parent?.workflowId === parent?.workflowId &&
      other.parent?.pointerId === parent?.pointerId &&
      other.createdAt.getTime() > createdAt.getTime(),
  );
}

/** The item in which a child was started. */
function itemOfParent({ parent }: WorkflowRecord, { records }: FinalState): string {
  const record = records.get(parent?.workflowId ?? "");
  const pointer = record?.pointers.find(({ id }) => id === parent?.pointerId);
  if (pointer?.item !== undefined) return JSON.parse(pointer.item) as string;
  return record === undefined ? "" : (JSON.parse(record.data) as Data).item;
}
