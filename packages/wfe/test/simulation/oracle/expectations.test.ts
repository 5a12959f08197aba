import { describe, expect, it } from "vitest";
import { programOf } from "./program-of.ts";
import { runProgram } from "./run-program.ts";
import type { Behavior, BodyNode, Chain, ChildNode, Node, Tree, Undo } from "./tree.ts";

/** What is left of the root of a tree, by hand: how each step ended, in order of creation, and how often it failed. */
interface Expected {
  readonly status: "complete" | "suspended" | "terminated";
  readonly steps: readonly string[];
  readonly errors?: readonly string[];
  readonly log?: readonly string[];
}

const body = (more: Partial<BodyNode> = {}): BodyNode => ({ kind: "body", as: "fn", gives: "value", ...more });
const fails = (onError?: Behavior, more: Partial<BodyNode> = {}): BodyNode =>
  body({ fails: 9, ...(onError === undefined ? {} : { onError }), ...more });
const held = (as: Undo["as"] = "fn"): BodyNode => body({ undo: { as } });
const child = (more: Partial<ChildNode> = {}): ChildNode => ({ kind: "child", byId: true, block: [body()], ...more });
const retry = (max: number, end?: "suspend" | "terminate" | "compensate"): Behavior => ({
  kind: "retry",
  max,
  ...(end === undefined ? {} : { end }),
});
const compensate: Behavior = { kind: "compensate" };
const suspend: Behavior = { kind: "suspend" };
const terminate: Behavior = { kind: "terminate" };

function tree(chain: Chain, more: Partial<Tree> = {}): Tree {
  return { chain, eventsAtMs: [20], mendedAtMs: 100, onError: retry(1), ...more };
}

async function left(of: Tree): Promise<Expected> {
  const { final, faults } = await runProgram(programOf(of), 1);
  expect(faults).toEqual([]);
  const root = final.records.get("root");
  if (root === undefined) throw new Error("it has not begun");
  return {
    status: root.status as Expected["status"],
    steps: root.pointers.map(({ stepName = "", status }) => `${stepName} ${status}`),
    errors: (final.errors?.get("root") ?? []).map(({ step }) => step),
    log: (JSON.parse(root.data) as { log: string[] }).log.map((entry) => entry.slice(entry.indexOf(" ") + 1)),
  };
}

/** A case: what it shows, the tree, and what is left of it. */
type Case = readonly [name: string, tree: Tree, expected: Expected];

function cases(name: string, of: readonly Case[]): void {
  describe(name, () => {
    it.each(of)("%s", async (_, each, expected) => {
      const { errors = [], log, ...rest } = expected;

      const actual = await left(each);

      expect(actual).toEqual({ ...rest, errors, log: log ?? actual.log });
    });
  });
}

const complete = (steps: readonly string[], more: Partial<Expected> = {}): Expected => ({ status: "complete", steps, ...more });

cases("steps that run code", [
  ...(["fn", "class", "ref", "use"] as const).map(
    (as): Case => [`a step written as ${as} writes what it has done`, tree([body({ as })]), complete(["body0 complete"], { log: ["body0"] })],
  ),
  ...(["patch", "persist", "sleep", "event", "poll"] as const).map(
    (gives): Case => [`a step that first gives ${gives} ends once`, tree([body({ gives })]), complete(["body0 complete"], { log: ["body0"] })],
  ),
  ["a step that fails is retried", tree([body({ fails: 1 })]), complete(["body0 complete"], { errors: ["body0"], log: ["body0"] })],
  ["a mapping that fails is a failed attempt", tree([body({ fails: 1, at: "output" })]), complete(["body0 complete"], { errors: ["body0"] })],
  [
    "a mapping of the input that fails is a failed attempt",
    tree([body({ as: "class", fails: 1, at: "input" })]),
    complete(["body0 complete"], { errors: ["body0"], log: ["body0"] }),
  ],
  [
    "the input is mapped for each run",
    tree([body({ as: "class", gives: "persist", fails: 1, at: "input" })]),
    complete(["body0 complete"], { errors: ["body0", "body0"], log: ["body0"] }),
  ],
  ...(["fn", "class", "ref", "use"] as const).map(
    (as): Case => [`a step written as ${as} sees its config`, tree([body({ as, config: true })]), complete(["body0 complete"], { log: ["body0"] })],
  ),
  ["a step that takes too long has failed", tree([body({ fails: 1, at: "timeout" })]), complete(["body0 complete"], { errors: ["body0"] })],
  [
    "retries begin anew behind a result",
    tree([body({ gives: "sleep", fails: 1 })]),
    complete(["body0 complete"], { errors: ["body0", "body0"], log: ["body0"] }),
  ],
  ["a step whose condition does not hold is skipped", tree([body({ when: false }), body()]), complete(["body0 skipped", "body1 complete"])],
  [
    "what a result branches into runs before the step runs again",
    tree([{ kind: "branch", items: 2, again: true, block: [body()] }]),
    complete(["branch0 complete", "body1 complete", "body1 complete"]),
  ],
  [
    "an outcome without a block goes on",
    tree([{ kind: "outcome", value: 2, blocks: [[body()]] }, body()]),
    complete(["outcome0 complete", "body2 complete"]),
  ],
  [
    "the block of an outcome runs behind the step, and joins",
    tree([{ kind: "outcome", value: 1, blocks: [[body()], [body()]] }, body()]),
    complete(["outcome0 complete", "outcome0: outcome complete", "body2 complete", "body3 complete"]),
  ],
]);

cases("waits", [
  ["a wait takes its event", tree([{ kind: "wait", any: false, key: "own" }]), complete(["wait0 complete"], { log: ["wait0<0 wait0@"] })],
  [
    "two waits for one key take one event after the other",
    tree(
      [
        { kind: "wait", any: false, key: "shared" },
        { kind: "wait", any: true, key: "shared" },
      ],
      { eventsAtMs: [20, 60] },
    ),
    complete(["wait0 complete", "wait1 complete"], { log: ["wait0<0 shared", "wait1<1 shared"] }),
  ],
  [
    "waits that are open together share an event",
    tree([{ kind: "parallel", branches: [[{ kind: "wait", any: false, key: "shared" }], [{ kind: "wait", any: false, key: "shared" }]] }]),
    complete(["parallel0 complete", "wait1 complete", "wait2 complete"], { log: ["wait1<0 shared", "wait2<0 shared"] }),
  ],
  [
    "a wait takes the event that is dated first, though it was stored later",
    tree(
      [
        { kind: "delay", ms: 90 },
        { kind: "wait", any: false, key: "own" },
      ],
      { eventsAtMs: [20, 60], datesMs: [-1_000, -2_000] },
    ),
    complete(["delay0 complete", "wait1 complete"], { log: ["wait1<1 wait1@"] }),
  ],
  [
    "a wait with a date takes none that is dated before",
    tree([{ kind: "wait", any: true, key: "own", since: -1_500 }], { eventsAtMs: [20, 60], datesMs: [-2_000, -1_500] }),
    complete(["wait0 complete"], { log: ["wait0<1 wait0@"] }),
  ],
  [
    "an event that is dated in the future is not there before",
    tree(
      [
        {
          kind: "parallel",
          branches: [[{ kind: "wait", any: false, key: "own" }], [{ kind: "delay", ms: 100 }, body()]],
        },
      ],
      { eventsAtMs: [20], datesMs: [250], mendedAtMs: 400 },
    ),
    complete(["parallel0 complete", "wait1 complete", "delay2 complete", "body3 complete"], { log: ["body3", "wait1<0 wait1@"] }),
  ],
  [
    "a child's wait with a date takes an event that was stored before the child was",
    tree([
      { kind: "delay", ms: 80 },
      { kind: "child", byId: true, block: [{ kind: "wait", any: false, key: "own", since: -20_000 }] },
    ]),
    complete(["delay0 complete", "child1 complete"], { log: ["child1<1"] }),
  ],
  [
    "a limit that ends first runs its block",
    tree([{ kind: "wait", any: false, key: "own", never: true, timeout: 10, late: [body()] }, body()]),
    complete(["wait0 complete", "wait0: timeout complete", "body1 complete", "body2 complete"], { log: ["body1", "body2"] }),
  ],
  [
    "a limit without a block is a failure that no default retries",
    tree([{ kind: "wait", any: false, key: "own", never: true, timeout: 10, undo: undefined } as unknown as Node], { onError: compensate }),
    complete(["wait0 compensated"], { errors: ["wait0"], log: [] }),
  ],
  [
    "a limit without a block is retried where the wait says so",
    tree([{ kind: "wait", any: true, key: "own", never: true, timeout: 10, onError: retry(1, "compensate") }]),
    complete(["wait0 compensated"], { errors: ["wait0", "wait0"] }),
  ],
  ["an activity that fails is offered again", tree([{ kind: "activity", fails: 1 }]), complete(["activity0 complete"], { errors: ["activity0"] })],
  [
    "an activity that nobody takes runs the block of its limit",
    tree([{ kind: "activity", never: true, timeout: 20, late: [body()] }]),
    complete(["activity0 complete", "activity0: timeout complete", "body1 complete"]),
  ],
  ["a poll ends when the endpoint is content", tree([{ kind: "poll" }]), complete(["poll0 complete"], { log: ["poll0"] })],
  [
    "a poll whose endpoint is never content runs the block of its limit",
    tree([{ kind: "poll", never: true, late: [body()] }]),
    complete(["poll0 complete", "poll0: timeout complete", "body1 complete"]),
  ],
  [
    "a child's data come out of it",
    tree([{ kind: "child", byId: true, block: [body(), body()] }]),
    complete(["child0 complete"], { log: ["child0<2"] }),
  ],
  [
    "a child that is terminated fails the step",
    tree([{ kind: "child", byId: false, block: [fails(terminate)], onError: compensate, undo: { as: "fn" } }]),
    complete(["child0 compensated", "child0undo complete"], { errors: ["child0"] }),
  ],
  ["a child that is in time is as without a limit", tree([child({ timeout: 9_000 })]), complete(["child0 complete"], { log: ["child0<1"] })],
  [
    "a child that takes too long fails the step, which no default retries",
    tree([{ kind: "saga", block: [held(), child({ timeout: 20, block: [{ kind: "delay", ms: 500 }, body()] })] }], { onError: retry(2) }),
    complete(["saga0 compensated", "body1 compensated", "child2 compensated", "body1undo complete"], { errors: ["child2"], log: ["body1"] }),
  ],
  [
    "a child that takes too long is followed by another one where the step says so",
    tree([child({ timeout: 20, block: [{ kind: "delay", ms: 500 }], onError: retry(1, "compensate") }), body()]),
    complete(["child0 compensated", "body2 complete"], { errors: ["child0", "child0"] }),
  ],
  [
    "what schemas accept goes into a child and comes out of it",
    tree([child({ input: "accepted", output: "accepted" })]),
    complete(["child0 complete"], { log: ["child0<1"] }),
  ],
  [
    "an input that the child's schema refuses is never retried",
    tree([child({ input: "refused", onError: retry(2, "compensate") })]),
    complete(["child0 compensated"], { errors: ["child0"], log: [] }),
  ],
  [
    "an output that the step's schema refuses is never retried",
    tree([child({ output: "refused", onError: retry(2, "compensate") })]),
    complete(["child0 compensated"], { errors: ["child0"], log: [] }),
  ],
  ["a delay that fails is retried", tree([{ kind: "delay", ms: 10, fails: 1 }]), complete(["delay0 complete"], { errors: ["delay0"] })],
]);

cases("the flow", [
  [
    "an if runs one of its blocks",
    tree([{ kind: "if", holds: false, block: [body()], otherwise: [body()] }]),
    complete(["if0 complete", "body2 complete"]),
  ],
  [
    "a while runs its block so many times",
    tree([{ kind: "while", times: 2, block: [body()] }]),
    complete(["while0 complete", "while0turn complete", "body1 complete", "while0turn complete", "body1 complete"]),
  ],
  [
    "an each runs its block for every item in order",
    tree([{ kind: "each", items: 2, parallel: false, block: [body(), body()] }]),
    complete(["each0 complete", "body1 complete", "body2 complete", "body1 complete", "body2 complete"]),
  ],
  [
    "an each runs its block for all items at once",
    tree([{ kind: "each", items: 2, parallel: true, block: [body({ ms: 9 })] }]),
    complete(["each0 complete", "body1 complete", "body1 complete"]),
  ],
  [
    "a parallel joins when all branches have ended",
    tree([{ kind: "parallel", branches: [[body({ ms: 9 })], [body()]] }, body()]),
    complete(["parallel0 complete", "body1 complete", "body2 complete", "body3 complete"]),
  ],
  [
    "a decide runs the block of its value",
    tree([{ kind: "decide", value: 1, cases: [[body()], [body()]] }]),
    complete(["decide0 complete", "body2 complete"]),
  ],
  [
    "a decide without a block for its value fails for good",
    tree([{ kind: "decide", value: 1, cases: [[body()]] }, body()], { onError: retry(2, "compensate") }),
    complete(["decide0 compensated", "body2 complete"], { errors: ["decide0"] }),
  ],
  [
    "a schedule runs beside what follows",
    tree([{ kind: "schedule", ms: 50, block: [body()] }, body()]),
    complete(["schedule0 complete", "body2 complete", "body1 complete"], { log: ["body2", "body1"] }),
  ],
  [
    "a recur runs until its condition holds",
    tree([{ kind: "recur", ms: 50, times: 2, block: [body()] }]),
    complete(["recur0 complete", "recur0turn complete", "body1 complete", "recur0turn complete", "body1 complete"]),
  ],
  [
    "a jump goes back to a step",
    tree([{ kind: "again", times: 1, from: "decide", block: [body()] }]),
    complete([
      "again0turn complete",
      "body1 complete",
      "again0if complete",
      "again0decide complete",
      "again0fork cancelled",
      "goTo again0 complete",
      "again0turn complete",
      "body1 complete",
      "again0if complete",
    ]),
  ],
  [
    "a jump goes on at a step behind it, and leaves out what is between",
    tree([{ kind: "skip", jumps: true, from: "if", block: [body()] }, body()]),
    complete(["skip0if complete", "goTo skip0 complete", "skip0 complete", "body2 complete"], { log: ["skip0", "body2"] }),
  ],
  [
    "a jump out of several containers completes them, and cancels what else is open in them",
    tree([{ kind: "skip", jumps: true, from: "decide", block: [body()] }]),
    complete(["skip0if complete", "skip0decide complete", "skip0fork cancelled", "goTo skip0 complete", "skip0 complete"], { log: ["skip0"] }),
  ],
  ...(["while", "each"] as const).map(
    (from): Case => [
      `a jump forwards leaves a ${from}`,
      tree([{ kind: "skip", jumps: true, from, block: [body()] }]),
      complete(["skip0if complete", `skip0${from} complete`, "goTo skip0 complete", "skip0 complete"], { log: ["skip0"] }),
    ],
  ),
  [
    "a jump that is not made changes nothing",
    tree([{ kind: "skip", jumps: false, from: "while", block: [body()] }]),
    complete(["skip0if complete", "body1 complete", "skip0 complete"], { log: ["body1", "skip0"] }),
  ],
  [
    "an end cancels all that is open",
    tree([{ kind: "schedule", ms: 90, block: [body()] }, { kind: "if", holds: true, block: [{ kind: "end" }] }, body()]),
    complete(["schedule0 cancelled", "if2 cancelled", "endWorkflow complete"], { log: [] }),
  ],
  [
    "a step that is called off from the start never runs, and its chain ends",
    tree([body({ cancelWhen: { on: "start" } }), body()]),
    complete(["body0 cancelled"], { log: [] }),
  ],
  [
    "the flow goes on behind a step that is called off, where it is to proceed",
    tree([body({ cancelWhen: { on: "start", proceed: true } }), body()]),
    complete(["body0 cancelled", "body1 complete"]),
  ],
  [
    "a condition that throws counts as no, and is recorded once",
    tree([
      body({ cancelWhen: { on: "throws" } }),
      { kind: "parallel", branches: [[{ kind: "delay", ms: 60, cancelWhen: { on: "throws", proceed: true } }], [{ kind: "raise" }]] },
    ]),
    complete(["body0 complete", "parallel1 complete", "delay2 complete", "raise3 complete"], {
      errors: ["body0", "delay2"],
      log: ["body0", "raise3"],
    }),
  ],
  [
    "a condition that throws is recorded once for a step that is retried, too",
    tree([
      { kind: "parallel", branches: [[body({ fails: 2, ms: 9, onError: retry(2), cancelWhen: { on: "throws" } })], [{ kind: "raise" }, body()]] },
    ]),
    complete(["parallel0 complete", "body1 complete", "raise2 complete", "body3 complete"], { errors: ["body1", "body1", "body1"] }),
  ],
  [
    "a flag calls off what waits",
    tree([
      {
        kind: "parallel",
        branches: [
          [{ kind: "wait", any: false, key: "own", never: true, timeout: 90_000, cancelWhen: { on: "flag", proceed: true } }, body()],
          [{ kind: "raise" }],
        ],
      },
    ]),
    complete(["parallel0 complete", "wait1 cancelled", "raise3 complete", "body2 complete"], { log: ["raise3", "body2"] }),
  ],
]);

cases("failures", [
  [
    "retries that are used up suspend the instance",
    tree([fails(retry(1)), body()]),
    { status: "suspended", steps: ["body0 failed"], errors: Array.from({ length: 10 }, () => "body0") },
  ],
  [
    "a resume runs a mended step again",
    tree([body({ fails: "broken", onError: suspend }), body()]),
    complete(["body0 complete", "body1 complete"], { errors: ["body0"] }),
  ],
  [
    "a step terminates the instance",
    tree([{ kind: "schedule", ms: 500, block: [body()] }, fails(terminate), body()]),
    { status: "terminated", steps: ["schedule0 cancelled", "body2 failed"], errors: ["body2"] },
  ],
  [
    "retries that are used up terminate where they say so",
    tree([fails(retry(1, "terminate"))]),
    { status: "terminated", steps: ["body0 failed"], errors: ["body0", "body0"] },
  ],
  [
    "a step outside of sagas undoes itself, and the flow goes on",
    tree([fails(undefined, { undo: { as: "sequence" } }), body()]),
    complete(["body0 compensated", "body0undo complete", "body0undodelay complete", "body0undoend complete", "body1 complete"], {
      errors: ["body0"],
      log: ["body0undo", "body0undoend", "body1"],
    }),
  ],
  [
    "a step without a compensator that is to compensate is passed",
    tree([fails(compensate), body()]),
    complete(["body0 compensated", "body1 complete"], { errors: ["body0"] }),
  ],
  [
    "a failure that is for good is not retried",
    tree([fails(retry(2, "compensate"), { at: "forGood" })]),
    complete(["body0 compensated"], { errors: ["body0"] }),
  ],
  [
    "a container hands its behavior on",
    tree([{ kind: "if", holds: true, onError: compensate, block: [fails(), body()] }]),
    complete(["if0 complete", "body1 compensated", "body2 complete"], { errors: ["body1"] }),
  ],
  [
    "a command ends the instance",
    tree([{ kind: "wait", any: false, key: "own" }], { eventsAtMs: [], mendedAtMs: 900, commands: [{ kind: "terminate", atMs: 10 }] }),
    { status: "terminated", steps: ["wait0 cancelled"] },
  ],
  [
    "a command stops the instance until it is resumed",
    tree([body({ ms: 20 }), body()], { commands: [{ kind: "suspend", atMs: 10 }] }),
    complete(["body0 complete", "body1 complete"]),
  ],
]);

cases("retries of an instance", [
  [
    "a termination by a failure is taken back, and what it has cancelled runs on",
    tree([{ kind: "parallel", branches: [[{ kind: "delay", ms: 300 }], [fails(terminate, { fails: "broken" })]] }, body()], {
      commands: [{ kind: "retry", atMs: 150 }],
    }),
    complete(["parallel0 complete", "delay1 complete", "body2 complete", "body3 complete"], { errors: ["body2"], log: ["body2", "body3"] }),
  ],
  [
    "a child that was terminated with its parent is replaced by another one",
    tree(
      [
        { kind: "parallel", branches: [[{ kind: "child", byId: true, block: [body({ ms: 300 })] }], [fails(terminate, { fails: "broken" })]] },
        body(),
      ],
      { commands: [{ kind: "retry", atMs: 150 }] },
    ),
    complete(["parallel0 complete", "child1 complete", "body3 complete", "body4 complete"], {
      errors: ["body3"],
      log: ["body3", "child1<1", "body4"],
    }),
  ],
  [
    "the failed step of a saga that waits to be undone runs again, and is undone when it fails once more and is resumed",
    tree([{ kind: "saga", onError: suspend, block: [held(), fails(compensate)] }, body()], { commands: [{ kind: "retry", atMs: 60 }] }),
    complete(["saga0 compensated", "body1 compensated", "body2 compensated", "body1undo complete", "body3 complete"], { errors: ["body2", "body2"] }),
  ],
  [
    "a termination by a command stays",
    tree([{ kind: "wait", any: false, key: "own" }], {
      eventsAtMs: [],
      mendedAtMs: 900,
      commands: [
        { kind: "terminate", atMs: 10 },
        { kind: "retry", atMs: 60 },
      ],
    }),
    { status: "terminated", steps: ["wait0 cancelled"] },
  ],
]);

cases("sagas", [
  [
    "a saga that ends well undoes nothing",
    tree([{ kind: "saga", block: [held()], undo: { as: "fn" } }]),
    complete(["saga0 complete", "body1 complete"]),
  ],
  [
    "the failed step is undone first, then the others from the last to end, then the saga",
    tree([{ kind: "saga", undo: { as: "ref" }, block: [held("class"), held(), fails(undefined, { undo: { as: "class" } })] }, body()]),
    complete(
      [
        "saga0 compensated",
        "body1 compensated",
        "body2 compensated",
        "body3 compensated",
        "body3undo complete",
        "body2undo complete",
        "body1undo complete",
        "saga0undo complete",
        "body4 complete",
      ],
      { errors: ["body3"], log: ["body1", "body2", "body3undo", "body1undo", "body4"] },
    ),
  ],
  [
    "what is open in a saga is cancelled when it fails",
    tree([{ kind: "saga", block: [{ kind: "parallel", branches: [[{ kind: "delay", ms: 900 }, held()], [fails(compensate)]] }] }]),
    complete(["saga0 compensated", "parallel1 cancelled", "delay2 cancelled", "body4 compensated"], { errors: ["body4"], log: [] }),
  ],
  [
    "a body that runs when its saga fails is awaited, and undone",
    tree([{ kind: "saga", block: [{ kind: "parallel", branches: [[body({ ms: 200, undo: { as: "fn" } }), body()], [fails(compensate)]] }] }]),
    complete(["saga0 compensated", "parallel1 cancelled", "body2 compensated", "body4 compensated", "body2undo complete"], {
      errors: ["body4"],
      log: ["body2"],
    }),
  ],
  [
    "a nested saga that has finished is undone by its own compensator alone",
    tree([{ kind: "saga", block: [{ kind: "saga", undo: { as: "fn" }, block: [held()] }, { kind: "saga", block: [held()] }, fails(compensate)] }]),
    complete(
      [
        "saga0 compensated",
        "saga1 compensated",
        "body2 complete",
        "saga3 complete",
        "body4 compensated",
        "body5 compensated",
        "body4undo complete",
        "saga1undo complete",
      ],
      { errors: ["body5"] },
    ),
  ],
  [
    "a saga runs again when it is undone",
    tree([{ kind: "saga", onError: retry(1), block: [held(), fails(compensate)] }, body()]),
    complete(
      [
        "saga0 compensated",
        "body1 compensated",
        "body2 compensated",
        "body1undo complete",
        "body1 compensated",
        "body2 compensated",
        "body1undo complete",
        "body3 complete",
      ],
      { errors: ["body2", "body2"] },
    ),
  ],
  [
    "a saga hands its failure to the one around it",
    tree([
      { kind: "saga", block: [held(), { kind: "saga", onError: compensate, undo: { as: "fn" }, block: [held(), fails(compensate)] }, body()] },
      body(),
    ]),
    complete(
      [
        "saga0 compensated",
        "body1 compensated",
        "saga2 compensated",
        "body3 compensated",
        "body4 compensated",
        "body3undo complete",
        "saga2undo complete",
        "body1undo complete",
        "body6 complete",
      ],
      { errors: ["body4"] },
    ),
  ],
  [
    "a saga terminates when it is undone",
    tree([{ kind: "saga", onError: terminate, block: [held(), fails(compensate)] }, body()]),
    { status: "terminated", steps: ["saga0 failed", "body1 compensated", "body2 compensated", "body1undo complete"], errors: ["body2"] },
  ],
  [
    "a saga that suspends is undone when it is resumed",
    tree([{ kind: "saga", onError: suspend, block: [held(), fails(compensate)] }, body()]),
    complete(["saga0 compensated", "body1 compensated", "body2 compensated", "body1undo complete", "body3 complete"], { errors: ["body2"] }),
  ],
  [
    "a compensator that fails is not passed over",
    tree([{ kind: "saga", block: [body({ undo: { as: "fn", fails: 9, onError: retry(0) } }), fails(compensate)] }, body()]),
    {
      status: "suspended",
      steps: ["saga0 running", "body1 complete", "body2 compensated", "body1undo failed"],
      errors: ["body2", ...Array.from({ length: 5 }, () => "body1undo")],
    },
  ],
  [
    "a compensator that is mended goes on",
    tree([{ kind: "saga", block: [body({ undo: { as: "class", fails: "broken", onError: suspend } }), fails(compensate)] }, body()], {
      mendedAtMs: 300,
    }),
    complete(["saga0 compensated", "body1 compensated", "body2 compensated", "body1undo complete", "body3 complete"], {
      errors: ["body2", "body1undo"],
    }),
  ],
]);
