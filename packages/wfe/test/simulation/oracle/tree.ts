/** What follows a failure, with intervals left out: what is right does not depend on them. */
export type Behavior =
  | { readonly kind: "retry"; readonly max: number; readonly end?: "suspend" | "terminate" | "compensate" }
  | { readonly kind: "suspend" | "terminate" | "compensate" };

/** How often something fails, as a function of the failures recorded so far; "broken" is until somebody outside has mended it. */
export type Failures = number | "broken";

/** How a step is undone. */
export interface Undo {
  readonly as: "class" | "ref" | "fn" | "sequence";
  /** What follows its failures is the default of compensators. @default 0 */
  readonly fails?: Failures;
  readonly onError?: Behavior;
}

/** What every node of a tree has. */
interface Common {
  readonly onError?: Behavior;
  /** @default it runs */
  readonly when?: false;
  /** Cancelled from the start, or once the flag of its instance is raised; or its condition throws, which counts as no. */
  readonly cancelWhen?: { readonly on: "start" | "flag" | "throws"; readonly proceed?: true };
}

/** A node that may be undone. */
interface Undoable extends Common {
  readonly undo?: Undo;
}

/** A step with a body of its own. */
export interface BodyNode extends Undoable {
  readonly kind: "body";
  readonly as: "fn" | "class" | "ref" | "use";
  /** What its first result is; those that do not end it are followed by an end. */
  readonly gives: "value" | "patch" | "persist" | "sleep" | "event" | "poll";
  /** @default 0 */
  readonly fails?: Failures;
  /** Where it fails; a class alone has mappings of its input. @default "body" */
  readonly at?: "body" | "timeout" | "input" | "output" | "forGood";
  /** It has a config, and looks at it. */
  readonly config?: true;
  /** Virtual time that the body takes. @default none, but a pause */
  readonly ms?: number;
}

/** A body whose result branches, and that then may run again. */
export interface BranchNode extends Undoable {
  readonly kind: "branch";
  readonly items: number;
  readonly again: boolean;
  readonly block: Chain;
}

/** A body with an outcome, and blocks for some outcomes. */
export interface OutcomeNode extends Undoable {
  readonly kind: "outcome";
  readonly value: number;
  /** Blocks of the outcomes 0, 1, … */
  readonly blocks: readonly Chain[];
}

/** A body that raises the flag which cancels. */
export interface RaiseNode extends Common {
  readonly kind: "raise";
}

export interface WaitNode extends Common {
  readonly kind: "wait";
  /** Of several events, one of which never comes. */
  readonly any: boolean;
  /** A key of its own, or one that all waits of the instance share. */
  readonly key: "own" | "shared";
  /** Nobody publishes it. */
  readonly never?: true;
  /** Takes events that are dated so or later, in milliseconds from the beginning, whenever they were stored. @default those stored since its instance was created */
  readonly since?: number;
  readonly timeout?: number;
  readonly late?: Chain;
}

export interface ActivityNode extends Undoable {
  readonly kind: "activity";
  readonly fails?: Failures;
  /** No worker takes it. */
  readonly never?: true;
  readonly timeout?: number;
  readonly late?: Chain;
}

export interface PollNode extends Undoable {
  readonly kind: "poll";
  /** The endpoint is never content. */
  readonly never?: true;
  readonly late?: Chain;
}

export interface ChildNode extends Undoable {
  readonly kind: "child";
  /** Named by its id, or by its definition. */
  readonly byId: boolean;
  readonly timeout?: number;
  /** Checked by a schema: of the child's definition on its way in, of the step on its way out. */
  readonly input?: "accepted" | "refused";
  readonly output?: "accepted" | "refused";
  readonly block: Chain;
}

export interface DelayNode extends Common {
  readonly kind: "delay";
  readonly ms: number;
  readonly fails?: Failures;
}

export interface ScheduleNode extends Common {
  readonly kind: "schedule";
  readonly ms: number;
  readonly block: Chain;
}

export interface RecurNode extends Common {
  readonly kind: "recur";
  readonly ms: number;
  readonly times: number;
  readonly block: Chain;
}

export interface IfNode extends Common {
  readonly kind: "if";
  readonly holds: boolean;
  readonly block: Chain;
  readonly otherwise?: Chain;
  readonly fails?: Failures;
}

export interface WhileNode extends Common {
  readonly kind: "while";
  readonly times: number;
  readonly block: Chain;
}

export interface EachNode extends Common {
  readonly kind: "each";
  readonly items: number;
  readonly parallel: boolean;
  readonly block: Chain;
  readonly fails?: Failures;
}

export interface ParallelNode extends Common {
  readonly kind: "parallel";
  readonly branches: readonly Chain[];
}

export interface DecideNode extends Common {
  readonly kind: "decide";
  readonly value: number;
  /** Blocks of the values 0, 1, … */
  readonly cases: readonly Chain[];
  readonly otherwise?: Chain;
}

export interface SagaNode extends Undoable {
  readonly kind: "saga";
  readonly block: Chain;
}

/** A chain that jumps back to its own beginning so many times, out of an `ifDo` at its end. */
export interface AgainNode {
  readonly kind: "again";
  readonly times: number;
  /** What the jump leaves, besides. */
  readonly from: "if" | "decide" | "while" | "each";
  readonly block: Chain;
}

/** A chain in which an `ifDo` jumps over the rest, or does not, to a step behind it. */
export interface SkipNode {
  readonly kind: "skip";
  readonly jumps: boolean;
  /** What the jump leaves, besides. */
  readonly from: AgainNode["from"];
  readonly block: Chain;
}

/** Ends the workflow. */
export interface EndNode {
  readonly kind: "end";
}

export type Node =
  | BodyNode
  | BranchNode
  | OutcomeNode
  | RaiseNode
  | WaitNode
  | ActivityNode
  | PollNode
  | ChildNode
  | DelayNode
  | ScheduleNode
  | RecurNode
  | IfNode
  | WhileNode
  | EachNode
  | ParallelNode
  | DecideNode
  | SagaNode
  | AgainNode
  | SkipNode
  | EndNode;

export type Chain = readonly Node[];

/** Something that is done to the instance from outside, besides its events and its activities. */
export interface Command {
  readonly kind: "suspend" | "terminate" | "retry";
  readonly atMs: number;
}

/** A random workflow and what happens to it. Plain JSON: its text is one line that makes it anew. */
export interface Tree {
  readonly chain: Chain;
  /** The default of its definitions. @default the engine's: every 60 s, 3 times */
  readonly onError?: Behavior;
  readonly commands?: readonly Command[];
  /** When the events of its waits are published, in turn. */
  readonly eventsAtMs: readonly number[];
  /** What the first of them are dated, in milliseconds from the beginning. @default when they are published */
  readonly datesMs?: readonly number[];
  /** When what is broken is mended; from then on who is suspended is resumed. */
  readonly mendedAtMs: number;
}

/** The blocks in a node, in order. */
export function blocksOf(node: Node): readonly Chain[] {
  switch (node.kind) {
    case "branch":
    case "child":
    case "schedule":
    case "recur":
    case "while":
    case "each":
    case "saga":
    case "again":
    case "skip":
      return [node.block];
    case "if":
      return node.otherwise === undefined ? [node.block] : [node.block, node.otherwise];
    case "decide":
      return node.otherwise === undefined ? node.cases : [...node.cases, node.otherwise];
    case "outcome":
      return node.blocks;
    case "parallel":
      return node.branches;
    case "wait":
    case "activity":
    case "poll":
      return node.late === undefined ? [] : [node.late];
    case "body":
    case "raise":
    case "delay":
    case "end":
      return [];
  }
}

/** All nodes of a chain, each before those in it. */
export function nodesOf(chain: Chain): readonly Node[] {
  return chain.flatMap((node) => [node, ...blocksOf(node).flatMap(nodesOf)]);
}

/** Names of the steps: the same for the definition that is built and for who reads its record. */
export class Names {
  readonly #of = new Map<Node, string>();

  constructor(chain: Chain) {
    for (const [at, node] of nodesOf(chain).entries()) this.#of.set(node, `${node.kind}${at}`);
  }

  of(node: Node): string {
    const name = this.#of.get(node);
    if (name === undefined) throw new Error(`a ${node.kind} is not of this tree`);
    return name;
  }
}

/** The line that {@link treeOf} reads. */
export function textOf(tree: Tree): string {
  return JSON.stringify(tree);
}

/** The tree of a line. Nodes that are one object in two places become two. */
export function treeOf(text: string): Tree {
  return JSON.parse(text) as Tree;
}
