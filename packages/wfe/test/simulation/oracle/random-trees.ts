import fc from "fast-check";
import type { ActivityNode, Behavior, BodyNode, Chain, ChildNode, Command, Failures, Node, PollNode, Tree, Undo, WaitNode } from "./tree.ts";
import { nodesOf } from "./tree.ts";

const MOST_NODES = 25;
const MOST_DEPTH = 3;

type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Leaves fields out that are `undefined`. */
function present<T extends object>(value: T): Present<T> {
  // What is left has the fields of the type that are always there.
  return Object.fromEntries(Object.entries(value).filter(([, of]) => of !== undefined)) as Present<T>;
}

/** Mostly nothing: what a step is without the setting, which is also what it shrinks to. */
function seldom<T>(arbitrary: fc.Arbitrary<T>, oneOf: number): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: oneOf - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}

const behaviors: fc.Arbitrary<Behavior> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({
        max: fc.integer({ min: 0, max: 2 }),
        end: seldom(fc.constantFrom("suspend" as const, "compensate" as const, "terminate" as const), 3),
      })
      .map(({ max, end }): Behavior => present({ kind: "retry" as const, max, end }) as Behavior),
  },
  { weight: 5, arbitrary: fc.constant<Behavior>({ kind: "compensate" }) },
  { weight: 1, arbitrary: fc.constant<Behavior>({ kind: "suspend" }) },
  { weight: 1, arbitrary: fc.constant<Behavior>({ kind: "terminate" }) },
);

const failures: fc.Arbitrary<Failures> = fc.constantFrom<Failures>(1, 1, 2, "broken", 9);

const undos: fc.Arbitrary<Undo> = fc
  .record({
    as: fc.constantFrom("fn" as const, "class" as const, "ref" as const, "sequence" as const),
    fails: seldom(fc.constantFrom<Failures>(1, 2, "broken"), 6),
    retries: seldom(fc.constant<Behavior>({ kind: "retry", max: 2 }), 2),
  })
  // A reference to a step takes no settings.
  .map(({ as, fails, retries }) => present({ as, fails, onError: as === "ref" ? undefined : retries }) as Undo);

const common = {
  onError: seldom(behaviors, 4),
  when: seldom(fc.constant(false as const), 25),
  cancelWhen: seldom(
    fc
      .record({
        on: fc.constantFrom("flag" as const, "flag" as const, "flag" as const, "start" as const, "throws" as const),
        proceed: seldom(fc.constant(true as const), 2),
      })
      .map(present),
    12,
  ),
};
const undoable = { ...common, undo: seldom(undos, 3) };
const limits = fc.integer({ min: 5, max: 90 });

/** A node of these fields, each of which may be absent. */
function node<T extends Node>(
  fields: { readonly [K in keyof T]-?: fc.Arbitrary<T[K]> | fc.Arbitrary<Exclude<T[K], undefined> | undefined> },
): fc.Arbitrary<Node> {
  // An absent field is one that the node need not have.
  return fc
    .record<Record<string, unknown>>(fields as Record<string, fc.Arbitrary<unknown>>)
    .map((record) => ownCondition(present(record) as unknown as T));
}

/** A condition that throws leaves its error with the pointer, where those that are undone have the error that they are undone for. */
function ownCondition<T extends Node>(of: T): T {
  if (!("cancelWhen" in of) || of.cancelWhen?.on !== "throws" || (of.kind !== "saga" && !("undo" in of))) return of;
  const { cancelWhen: _, ...rest } = of;
  return rest as T;
}

const bodies = node<BodyNode>({
  kind: fc.constant("body"),
  as: fc.constantFrom("fn", "class", "ref", "use"),
  gives: fc.oneof({ weight: 5, arbitrary: fc.constant("value" as const) }, fc.constantFrom("patch", "persist", "sleep", "event", "poll")),
  fails: seldom(failures, 5),
  at: seldom(fc.constantFrom("timeout" as const, "output" as const, "forGood" as const, "input" as const), 3),
  config: seldom(fc.constant(true as const), 6),
  ms: seldom(fc.integer({ min: 5, max: 80 }), 3),
  ...undoable,
}).map((body): Node => ((body as BodyNode).at === "input" ? { ...(body as BodyNode), as: "class" } : body));

const raises: fc.Arbitrary<Node> = fc.constant({ kind: "raise" });

const { nodes: anyNodes } = fc.letrec<{ nodes: Node; chains: Chain }>((tie) => {
  const block = tie("chains");
  const late = seldom(block, 2);
  const waits = node<WaitNode>({
    kind: fc.constant("wait"),
    any: fc.boolean(),
    key: fc.constantFrom("own", "own", "shared"),
    never: seldom(fc.constant(true as const), 4),
    since: seldom(fc.constantFrom(-20_000, -7_000, 100), 4),
    timeout: seldom(limits, 3),
    late,
    ...common,
  }).map((wait) => limited(wait as WaitNode));
  const activities = node<ActivityNode>({
    kind: fc.constant("activity"),
    fails: seldom(failures, 3),
    never: seldom(fc.constant(true as const), 4),
    timeout: fc.constant(undefined),
    late,
    ...undoable,
  }).map((activity) => limited(activity as ActivityNode));
  const polls = node<PollNode>({ kind: fc.constant("poll"), never: seldom(fc.constant(true as const), 3), late, ...undoable }).map((poll) =>
    limited(poll as PollNode),
  );
  const schemas = seldom(fc.constantFrom("accepted" as const, "accepted" as const, "refused" as const), 6);
  const children = node<ChildNode>({
    kind: fc.constant("child"),
    byId: fc.boolean(),
    timeout: seldom(limits, 5),
    input: schemas,
    output: schemas,
    block,
    ...undoable,
  }).map((child) => checked(child as ChildNode));
  const small = fc.integer({ min: 0, max: 2 });
  const from = fc.constantFrom("if" as const, "decide" as const, "while" as const, "each" as const);
  // Nothing stands behind the end of a workflow.
  const endless = block.map((chain) => chain.filter(({ kind }) => kind !== "end")).filter((chain) => chain.length > 0);
  const inner: readonly fc.WeightedArbitrary<Node>[] = [
    { weight: 2, arbitrary: node({ kind: fc.constant("branch"), items: small, again: fc.boolean(), block, ...undoable }) },
    {
      weight: 1,
      arbitrary: node({ kind: fc.constant("outcome"), value: small, blocks: fc.array(block, { minLength: 1, maxLength: 2 }), ...undoable }),
    },
    { weight: 2, arbitrary: children },
    { weight: 1, arbitrary: node({ kind: fc.constant("schedule"), ms: limits, block, ...common }) },
    { weight: 1, arbitrary: node({ kind: fc.constant("recur"), ms: limits, times: small, block, ...common }) },
    {
      weight: 2,
      arbitrary: node({ kind: fc.constant("if"), holds: fc.boolean(), block, otherwise: late, fails: seldom(failures, 8), ...common }),
    },
    { weight: 1, arbitrary: node({ kind: fc.constant("while"), times: small, block, ...common }) },
    {
      weight: 2,
      arbitrary: node({ kind: fc.constant("each"), items: small, parallel: fc.boolean(), block, fails: seldom(failures, 8), ...common }),
    },
    { weight: 3, arbitrary: node({ kind: fc.constant("parallel"), branches: fc.array(block, { minLength: 1, maxLength: 3 }), ...common }) },
    {
      weight: 1,
      arbitrary: node({
        kind: fc.constant("decide"),
        value: small,
        cases: fc.array(block, { minLength: 1, maxLength: 2 }),
        otherwise: late,
        ...common,
      }),
    },
    { weight: 6, arbitrary: node({ kind: fc.constant("saga"), block, ...undoable }) },
    {
      weight: 1,
      arbitrary: node({
        kind: fc.constant("again"),
        times: fc.integer({ min: 1, max: 2 }),
        from,
        block: endless,
      }),
    },
    { weight: 1, arbitrary: node({ kind: fc.constant("skip"), jumps: fc.boolean(), from, block: endless }) },
  ];
  return {
    nodes: fc.oneof(
      { maxDepth: MOST_DEPTH, depthIdentifier: "nodes" },
      { weight: 12, arbitrary: bodies },
      { weight: 1, arbitrary: node({ kind: fc.constant("delay"), ms: limits, fails: seldom(failures, 5), ...common }) },
      { weight: 1, arbitrary: raises },
      { weight: 3, arbitrary: waits },
      { weight: 2, arbitrary: activities },
      { weight: 1, arbitrary: polls },
      ...inner,
    ),
    chains: fc
      .tuple(fc.array(tie("nodes"), { minLength: 1, maxLength: 3, depthIdentifier: "nodes" }), seldom(fc.constant<Node>({ kind: "end" }), 30))
      .map(([nodes, end]): Chain => (end === undefined ? nodes : [...nodes, end])),
  };
});

/** Whether a child is in time is anybody's guess, and so would be whether its output is looked at. */
function checked(node: ChildNode): Node {
  const { output, ...rest } = node;
  return output === "refused" && node.timeout !== undefined ? rest : node;
}

/** What never comes has a limit, and only what has one has a block for it. */
function limited(node: WaitNode | ActivityNode | PollNode): Node {
  if (node.kind === "poll") return node.never === true ? node : without(node);
  if (node.kind === "activity" && node.never !== true) return without(node);
  const timeout = node.timeout ?? (node.never === true ? 40 : undefined);
  return timeout === undefined ? without(node) : { ...node, timeout };
}

function without<T extends { readonly late?: Chain }>({ late: _, ...node }: T): Node {
  return node as unknown as Node;
}

const commands: fc.Arbitrary<Command> = fc.record({
  kind: fc.constantFrom("suspend" as const, "suspend" as const, "retry" as const, "retry" as const, "terminate" as const),
  atMs: fc.integer({ min: 1, max: 400 }),
});

/** Random workflows of all verbs, with what happens to them. */
export function trees(): fc.Arbitrary<Tree> {
  return fc
    .record({
      chain: fc.array(anyNodes, { minLength: 1, maxLength: 5 }),
      // The engine's default takes minutes.
      onError: fc.oneof({ weight: 2, arbitrary: fc.constant<Behavior>({ kind: "retry", max: 3 }) }, { weight: 1, arbitrary: behaviors }),
      commands: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(commands, { minLength: 1, maxLength: 3 }) }),
      eventsAtMs: fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 3 }),
      datesMs: seldom(fc.array(fc.constantFrom(-10_000, -5_000, 60, 250), { minLength: 1, maxLength: 3 }), 3),
      mendedAtMs: fc.integer({ min: 0, max: 400 }),
    })
    .map((tree) => present(tree) as Tree)
    .filter(({ chain }) => nodesOf(chain).length <= MOST_NODES);
}
