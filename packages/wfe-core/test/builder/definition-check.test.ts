import { describe, expect, it } from "vitest";
import type { Chain } from "../../src/builder/chain.ts";
import { definitionFromGraph } from "../../src/builder/definition-from-graph.ts";
import type { BranchBuilder } from "../../src/builder/verbs.ts";
import { buildWorkflow, WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { DefinitionError } from "../../src/errors/definition-errors.ts";
import { ErrorBehavior } from "../../src/models/error-behavior.ts";
import { ExecutionResult } from "../../src/models/execution-result.ts";
import type { StepBody } from "../../src/traits/step-body.ts";

interface Data {
  n: number;
  list: string[];
}
class Plain implements StepBody {
  run(): ExecutionResult {
    return ExecutionResult.next();
  }
}
const fn = (): void => {};
const yes = (): boolean => true;
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const block = (b: BranchBuilder<Data>): Chain => b.thenFn("x", fn);
/** A builder as JavaScript sees it. */
// `any`, because what the types refuse is the subject here.
const untyped = (): any => new WorkflowBuilder();

/** The faults that a call reports; none if it succeeds. */
function faultsOf(call: () => unknown): readonly string[] {
  try {
    call();
    return [];
  } catch (error) {
    if (error instanceof DefinitionError) return error.faults;
    throw error;
  }
}

describe("build", () => {
  it("reports all faults at once", () => {
    const chain = w()
      .thenFn("a", fn)
      .id("same")
      .name("")
      .thenFn("b", fn)
      .id("same")
      .name("one")
      .name("two")
      .compensateWithFn("undo", fn, (c) => c.onError(ErrorBehavior.compensate()))
      .parallel((p) => p.branch("", (b) => b.goTo("same")))
      .whileDo(yes, (b) => b.goTo("nowhere"));

    expect(faultsOf(() => chain.build(" ", 0))).toEqual([
      'the step "two" has the setting name twice',
      'the id must be text that is not blank: got " "',
      "the version must be a whole number, 1 or more: got 0",
      'step 0 "" has a blank name',
      'step 3 "parallel" has a block "branch" with a blank name',
      'step 0 "" and step 1 "two" have the same id "same"',
      'step 4 "goTo same" cannot go to step 0 "", which stands outside the parallel that encloses it: that cannot be left by goTo',
      'step 6 "goTo nowhere" goes to "nowhere", but no step has that id',
      'step 2 "undo" stands in a compensator: its onError cannot be compensate',
    ]);
  });

  it("throws a DefinitionError that carries id, version and a code", () => {
    let thrown: unknown;
    try {
      untyped().build("w", 3);
    } catch (error) {
      thrown = error;
    }

    expect(thrown).toBeInstanceOf(DefinitionError);
    expect(thrown).toMatchObject({ definitionId: "w", version: 3, code: "WFE_DEFINITION_INVALID", faults: ["the workflow has no steps"] });
  });

  it.each<[string, () => unknown, string]>([
    ["a blank id", () => w().thenFn("a", fn).build("", 1), "the id must be text"],
    ["an id that is no text", () => untyped().thenFn("a", fn).build(5, 1), "the id must be text"],
    ["a fraction as version", () => w().thenFn("a", fn).build("w", 1.5), "the version must be a whole number"],
    ["no version", () => untyped().thenFn("a", fn).build("w"), "the version must be a whole number"],
    ["a description that is no text", () => untyped().description(5).thenFn("a", fn).build("w", 1), "the description must be text"],
    ["two descriptions", () => w().description("a").description("b").thenFn("a", fn).build("w", 1), "setting description twice"],
    ["a blank name", () => w().thenFn(" ", fn).build("w", 1), 'step 0 " " has a blank name'],
    [
      "a function without its name",
      () =>
        untyped()
          .thenFn(() => 1)
          .build("w", 1),
      'thenFn takes a name first, then the function: thenFn("charge", …)',
    ],
    [
      "a compensator without its name",
      () =>
        untyped()
          .then(Plain)
          .compensateWithFn(() => 1)
          .build("w", 1),
      'compensateWithFn takes a name first, then the function: compensateWithFn("charge", …)',
    ],
    ["an id that JSON does not have", () => untyped().thenFn("a", fn).build(5n, 1), "not blank: got 5n"],
    ["a version that JSON does not have", () => untyped().thenFn("a", fn).build("w", Symbol("v")), "1 or more: got Symbol(v)"],
    ["a child's version that JSON does not have", () => untyped().subWorkflow("c", fn, 1n).build("w", 1), "starts the version 1n"],
    [
      "a forEach that is parallel as it likes",
      () => untyped().forEach(fn, block, { parallel: "no" }).build("w", 1),
      'has a parallel that is no boolean: "no"',
    ],
    ["a poll without a config", () => untyped().pollEndpoint(null), "pollEndpoint takes its config, or a function that gives one"],
    [
      "a poll until nothing",
      () => untyped().pollEndpoint({ url: "https://u", interval: 1, timeout: 1, until: null }),
      "until of pollEndpoint must be",
    ],
    [
      "a jitter that is text",
      () => untyped().thenFn("a", fn).onError({ kind: "retry", interval: 1, jitter: "0.5" }),
      "jitter of onError must be a number",
    ],
    ["a blank external id", () => w().thenFn("a", fn).id("").build("w", 1), "has a blank id"],
    ["an id twice", () => w().thenFn("a", fn).id("a").id("b").build("w", 1), "has the setting id twice"],
    ["onError twice", () => w().thenFn("a", fn).onError(ErrorBehavior.suspend()).onError(ErrorBehavior.suspend()).build("w", 1), "onError twice"],
    ["a timeout twice", () => w().thenFn("a", fn).timeout(1).timeout(1).build("w", 1), "timeout twice"],
    ["a config twice", () => w().thenFn("a", fn).config(1).config(1).build("w", 1), "config twice"],
    ["when twice", () => w().thenFn("a", fn).when(yes).when(yes).build("w", 1), "when twice"],
    ["cancelWhen twice", () => w().thenFn("a", fn).cancelWhen(yes).cancelWhen(yes).build("w", 1), "cancelWhen twice"],
    [
      "two compensators",
      () => w().then(Plain).compensateWith(Plain).compensateWithFn("x", fn).build("w", 1),
      'the step "Plain" has two compensators',
    ],
    [
      "a compensator named twice",
      () =>
        w()
          .then(Plain)
          .compensateWith(Plain, (c) => c.name("a").name("b"))
          .build("w", 1),
      "name twice",
    ],
    ["onTimeout twice", () => w().waitFor("e", "k").onTimeout(block).onTimeout(block).build("w", 1), "onTimeout twice"],
    [
      "two outcomes of one value",
      () =>
        untyped()
          .then(Plain)
          .onOutcome({ a: [1] }, block)
          .onOutcome({ a: [1] }, block)
          .build("w", 1),
      'has two blocks for the outcome {"a":[1]}',
    ],
    [
      "an outcome that is no JSON",
      () => untyped().then(Plain).onOutcome(new Date(0), block).build("w", 1),
      "no JSON value: it cannot be stored: the value is a Date",
    ],
    [
      "two cases of one value",
      () =>
        w()
          .decide(
            () => 1,
            (d) =>
              d
                .case(1, block)
                .case(1 as never, block)
                .otherwise(block),
          )
          .build("w", 1),
      "has two blocks for the case 1",
    ],
    [
      "a case that is no JSON",
      () =>
        untyped()
          .decide(fn, (d: { case(v: unknown, b: unknown): unknown }) => d.case(Number.NaN, block))
          .build("w", 1),
      'the value of the block case of the step "decide" is no JSON value',
    ],
    [
      "two otherwises",
      () =>
        untyped()
          .decide(fn, (d: any) => d.otherwise(block).otherwise(block))
          .build("w", 1),
      'has 2 blocks "otherwise"',
    ],
    [
      "no case at all",
      () =>
        untyped()
          .decide(fn, (d: unknown) => d)
          .build("w", 1),
      "has neither a case nor an otherwise",
    ],
    [
      "a decide that forgets to return",
      () =>
        untyped()
          .decide(fn, (d: any) => void d.case(1, block))
          .build("w", 1),
      "must return what the last case",
    ],
    [
      "a parallel without a branch",
      () =>
        untyped()
          .parallel((p: unknown) => p)
          .build("w", 1),
      'has no block "branch"',
    ],
    [
      "an empty block",
      () =>
        untyped()
          .ifDo(yes, (b: unknown) => b)
          .build("w", 1),
      'the block then of step 0 "ifDo" has no steps',
    ],
    [
      "an empty compensation",
      () =>
        untyped()
          .then(Plain)
          .compensateWithSequence((b: unknown) => b)
          .build("w", 1),
      'the compensator of step 0 "Plain" has no steps',
    ],
    [
      "a forgotten return",
      () =>
        untyped()
          .whileDo(yes, (b: any) => void b.thenFn("a", fn))
          .build("w", 1),
      "must return the chain of its own steps",
    ],
    [
      "the chain of another block",
      () =>
        untyped()
          .whileDo(yes, (b: any) => (b.thenFn("a", fn), untyped().thenFn("b", fn)))
          .build("w", 1),
      "must return the chain of its own steps",
    ],
    ["a block that is no function", () => untyped().whileDo(yes, 5).build("w", 1), 'the block body of the step "whileDo" is no function'],
    [
      "a condition that is no function",
      () => untyped().ifDo(true, block).build("w", 1),
      'names "0.condition" as its condition, which is no function',
    ],
    [
      "a mapping that is no function",
      () => untyped().then(Plain).output("total").build("w", 1),
      'names "0.output.0" as its output, which is no function',
    ],
    ["a setting before the first step", () => untyped().when(undefined), "there is no step yet"],
    ["initial data that is no function", () => untyped().initialData({}).thenFn("a", fn).build("w", 1), "initialData is no function"],
    ["a schema that is none", () => untyped().inputSchema({}).thenFn("a", fn).build("w", 1), "inputSchema is no Standard Schema"],
    [
      "a config that is no JSON",
      () =>
        untyped()
          .thenFn("a", fn)
          .config({ at: [1n] })
          .build("w", 1),
      'the config of the step "a" is no JSON value: it cannot be stored: at[0] is a bigint',
    ],
    ["a field that is none", () => untyped().thenFn("a", fn).saveAs("__proto__").build("w", 1), "saves as __proto__, which is no key of data"],
    ["a step that is none", () => untyped().then({ run: fn }).build("w", 1), "an object is no step: give a class"],
    ["an instance in place of its class", () => untyped().then(new Plain()).build("w", 1), "an instance of Plain is no step"],
    ["nothing in place of a step", () => untyped().then(undefined).build("w", 1), "undefined is no step"],
    ["a bare function in place of a class", () => untyped().then(fn).build("w", 1), "the function fn is no step"],
    [
      "a class without a name",
      () =>
        untyped()
          .then((() => class extends Plain {})())
          .build("w", 1),
      "a class without a name",
    ],
    ["an event without a name", () => w().waitFor("", "k").build("w", 1), "has no eventName"],
    ["a wait without a key", () => untyped().waitFor("e").build("w", 1), 'names "0.key" as its key, which is no function'],
    ["a wait for nothing", () => w().waitForAny({}).build("w", 1), "waits for no event"],
    [
      "an unnamed event among several",
      () =>
        w()
          .waitForAny({ a: { event: " ", key: "k" } })
          .build("w", 1),
      'waits for an event without a name under "a"',
    ],
    ["an activity without a name", () => w().activity("", fn).build("w", 1), "has no activity"],
    ["a child without an id", () => w().subWorkflow("", fn).build("w", 1), "has no definitionId"],
    ["a child of version 0", () => w().subWorkflow("c", fn, 0).build("w", 1), "starts the version 0"],
    ["a recurrence without an interval", () => w().recur(0, yes, block).build("w", 1), "recurs without an interval"],
    ["a goTo without a target", () => untyped().goTo("").build("w", 1), "has no target"],
    ["a goTo to nowhere", () => w().goTo("x").build("w", 1), 'goes to "x", but no step has that id'],
    ["a step behind an end", () => untyped().endWorkflow().then(Plain).build("w", 1), "ends its chain, so nothing can follow it"],
    ["a step behind a goTo", () => untyped().then(Plain).id("a").goTo("a").then(Plain).build("w", 1), "ends its chain, so nothing can follow it"],
    [
      "a container with a compensator",
      () =>
        untyped()
          .parallel((p: any) => p.branch(block))
          .compensateWith(Plain)
          .build("w", 1),
      "cannot have compensationStep",
    ],
    ["a wait with a config", () => untyped().waitFor("e", "k").config(1).build("w", 1), "cannot have config"],
    ["a delay with an output", () => untyped().delay(1).output(fn).build("w", 1), "cannot have outputs"],
    ["a function with an input", () => untyped().thenFn("a", fn).input(fn).build("w", 1), "cannot have inputs"],
    ["children of a wait", () => untyped().waitFor("e", "k").children(block).build("w", 1), 'cannot have a block "children"'],
    [
      "an outcome of a delay",
      () => untyped().delay(1).onOutcome(1, block).build("w", 1),
      "must stand behind a step of kind step, inline, subWorkflow",
    ],
    ["a timeout block of a step", () => untyped().then(Plain).onTimeout(block).build("w", 1), "must stand behind a step of kind waitFor"],
    ["a build inside a block", () => untyped().ifDo(yes, (b: any) => b.then(Plain).build("w", 1)), "build is called inside a block"],
    [
      "a builder that goes on twice from its start",
      () => {
        const b = w();
        b.then(Plain);
        b.thenFn("other", fn).build("w", 1);
      },
      'a chain starts with the step "Plain" and again with the step "other"',
    ],
    [
      "a chain that goes on twice from one step",
      () => {
        const b = w().thenFn("a", fn);
        b.thenFn("b", fn).build("w", 1);
        b.thenFn("c", fn).build("v", 1);
      },
      'the step "a" goes on with the step "b" and again with the step "c"',
    ],
    ["children that are no function", () => untyped().then(Plain).children(5).build("w", 1), 'the children of the step "Plain" is no function'],
    [
      "a timeout block that is no function",
      () => untyped().waitFor("e", "k").onTimeout(5).build("w", 1),
      'the onTimeout of the step "waitFor e" is no function',
    ],
    [
      "an outcome block that is no function",
      () => untyped().then(Plain).onOutcome(1, 5).build("w", 1),
      'an onOutcome of the step "Plain" is no function',
    ],
    [
      "a sequence that is no function",
      () => untyped().then(Plain).compensateWithSequence(5).build("w", 1),
      'the compensateWithSequence of the step "Plain" is no function',
    ],
    [
      "an arrow function without a name",
      () =>
        untyped()
          .then(() => 1)
          .build("w", 1),
      "the function without a name is no step",
    ],
    ["an object without a prototype", () => untyped().then(Object.create(null)).build("w", 1), "an object is no step"],
    [
      "a config that throws when it is read",
      () =>
        untyped()
          .thenFn("a", fn)
          .config({
            get x() {
              throw "no"; // oxlint-disable-line typescript/only-throw-error -- JavaScript may throw anything
            },
          })
          .build("w", 1),
      "is no JSON value: no",
    ],
    [
      "a workflow function that forgets to return",
      () => buildWorkflow("w", 1, (() => undefined) as never),
      "must return its chain, and not be async",
    ],
    [
      "a fragment that gives another chain",
      () =>
        w()
          .use(() => w().thenFn("a", fn))
          .build("w", 1),
      "a fragment given to use(…) must return the chain that it was given",
    ],
  ])("refuses %s", (_what, call, fault) => {
    let message = "nothing is thrown";
    try {
      call();
    } catch (error) {
      message = (error as Error).message;
    }

    expect(message).toContain(fault);
  });

  it("says of a function without its name nothing else", () => {
    expect(
      faultsOf(() =>
        untyped()
          .thenFn(() => 1)
          .build("w", 1),
      ),
    ).toEqual(['thenFn takes a name first, then the function: thenFn("charge", …)']);
  });

  it("refuses a block for the end of a limit that a wait does not have", () => {
    const limited = w()
      .waitFor("e", "k", { timeout: 0 })
      .onTimeout(block)
      .waitFor("e", "k", { timeout: () => 1 })
      .onTimeout(block)
      .activity("a", fn, { timeout: "1m" })
      .onTimeout(block)
      .pollEndpoint({ url: "https://u", interval: 1, timeout: 1, until: { status: 200 } })
      .onTimeout(block);
    const unlimited = w()
      .waitFor("e", "k")
      .onTimeout(block)
      .waitForAny({ x: { event: "f", key: "k" } })
      .name("either")
      .onTimeout(block)
      .activity("a", fn)
      .onTimeout(block);

    expect(faultsOf(() => limited.build("w", 1))).toEqual([]);
    expect(faultsOf(() => unlimited.build("w", 1))).toEqual([
      'step 0 "waitFor e" has an onTimeout block but no timeout: give its verb the option',
      'step 3 "either" has an onTimeout block but no timeout: give its verb the option',
      'step 6 "activity a" has an onTimeout block but no timeout: give its verb the option',
    ]);
  });

  it("refuses blocks too deep for the stack, of any kind", () => {
    const tooDeep = [expect.stringContaining("stands in more than 200 containers")];
    const nested = (nest: (b: BranchBuilder<Data>, inner: (c: BranchBuilder<Data>) => Chain) => Chain): readonly string[] => {
      const inner = (b: BranchBuilder<Data>, left: number): Chain => (left === 0 ? b.thenFn("x", fn) : nest(b, (c) => inner(c, left - 1)));
      return faultsOf(() => buildWorkflow("w", 1, (b: WorkflowBuilder<Data>) => inner(b as unknown as BranchBuilder<Data>, 20_000)));
    };

    expect(nested((b, inner) => b.ifDo(yes, inner))).toEqual(tooDeep);
    expect(nested((b, inner) => b.parallel((p) => p.branch(inner)))).toEqual(tooDeep);
    expect(nested((b, inner) => b.then(Outcomes).onOutcome("x", inner))).toEqual(tooDeep);
    expect(nested((b, inner) => b.thenFn("a", fn).children(inner))).toEqual(tooDeep);
    expect(nested((b, inner) => b.ifDo(yes, (c) => c.thenFn("a", fn).compensateWithSequence(inner)))).toContainEqual(
      expect.stringContaining("stands in a compensator and cannot have one itself"),
    );
  });

  it("refuses containers more than 200 deep and takes 200", () => {
    const nest = (depth: number): WorkflowBuilder<Data> => {
      const root = w();
      const inner = (b: BranchBuilder<Data>, left: number): Chain => (left === 0 ? b.thenFn("x", fn) : b.ifDo(yes, (c) => inner(c, left - 1)));
      inner(root as unknown as BranchBuilder<Data>, depth);
      return root;
    };
    const build = (builder: WorkflowBuilder<Data>) => (builder as unknown as { build(id: string, version: number): unknown }).build("w", 1);

    expect(faultsOf(() => build(nest(200)))).toEqual([]);
    expect(faultsOf(() => build(nest(201)))).toEqual(['step 201 "x" stands in more than 200 containers: move the inner ones into a sub-workflow']);
  });
});

describe("goTo", () => {
  const from = (wrap: (b: BranchBuilder<Data>, inner: (c: BranchBuilder<Data>) => Chain) => Chain) =>
    faultsOf(() =>
      w()
        .thenFn("a", fn)
        .id("a")
        .use((b) => wrap(b, (c) => c.goTo("a")))
        .build("w", 1),
    );

  it("reaches its own chain, and those that enclose it through containers of one open chain", () => {
    expect(from((b, inner) => b.use(inner))).toEqual([]);
    expect(from((b, inner) => b.ifDo(yes, inner))).toEqual([]);
    expect(from((b, inner) => b.ifDo(yes, (c) => c.thenFn("x", fn), inner))).toEqual([]);
    expect(from((b, inner) => b.whileDo(yes, inner))).toEqual([]);
    expect(
      from((b, inner) =>
        b.decide(
          () => 1,
          (d) => d.case(1, inner),
        ),
      ),
    ).toEqual([]);
    expect(from((b, inner) => b.then(Outcomes).onOutcome("x", inner))).toEqual([]);
    expect(from((b, inner) => b.waitFor("e", "k", { timeout: 1 }).onTimeout(inner))).toEqual([]);
    expect(from((b, inner) => b.forEach((d) => d.list, inner, { parallel: false }))).toEqual([]);
    expect(from((b, inner) => b.ifDo(yes, (c) => c.whileDo(yes, (e) => e.ifDo(yes, inner))))).toEqual([]);
  });

  it("leaves no container of several chains, nor a saga or a fork", () => {
    const outside = (kind: string) => [expect.stringContaining(`stands outside the ${kind} that encloses it`)];

    expect(from((b, inner) => b.parallel((p) => p.branch(inner)))).toEqual(outside("parallel"));
    expect(from((b, inner) => b.forEach((d) => d.list, inner))).toEqual(outside("parallel forEach"));
    expect(from((b, inner) => b.saga(inner))).toEqual(outside("saga"));
    expect(from((b, inner) => b.schedule(1, inner))).toEqual(outside("schedule"));
    expect(from((b, inner) => b.recur(1, yes, inner))).toEqual(outside("recur"));
    expect(from((b, inner) => b.thenFn("f", fn).children(inner))).toEqual(outside("inline"));
    expect(from((b, inner) => b.ifDo(yes, (c) => c.parallel((p) => p.branch((e) => e.ifDo(yes, inner)))))).toEqual(outside("parallel"));
  });

  it("enters no container from outside, and no other branch", () => {
    const into = w()
      .ifDo(yes, (b) => b.thenFn("a", fn).id("a"))
      .goTo("a");
    const beside = w().parallel((p) => p.branch((b) => b.thenFn("a", fn).id("a")).branch((b) => b.goTo("a")));
    const undoing = w()
      .thenFn("x", fn)
      .compensateWithSequence((b) => b.thenFn("a", fn).id("a"))
      .goTo("a");

    expect(faultsOf(() => into.build("w", 1))).toEqual([expect.stringContaining("which stands in no chain that encloses it")]);
    expect(faultsOf(() => beside.build("w", 1))).toEqual([expect.stringContaining("stands outside the parallel")]);
    expect(faultsOf(() => undoing.build("w", 1))).toEqual([expect.stringContaining("which stands in no chain that encloses it")]);
  });
});

describe("inside a compensator", () => {
  const undoing = (sequence: (b: BranchBuilder<Data>) => Chain) =>
    faultsOf(() => w().thenFn("a", fn).id("a").compensateWithSequence(sequence).build("w", 1));

  it("goTo, endWorkflow, compensators and compensate are refused, at any depth", () => {
    expect(undoing((b) => b.thenFn("x", fn).id("x").goTo("x"))).toEqual([expect.stringContaining("cannot be left with goTo")]);
    expect(undoing((b) => b.endWorkflow())).toEqual([expect.stringContaining("cannot be left with endWorkflow")]);
    expect(undoing((b) => b.ifDo(yes, (c) => c.endWorkflow()))).toEqual([expect.stringContaining("cannot be left with endWorkflow")]);
    expect(undoing((b) => b.thenFn("x", fn).compensateWithFn("y", fn))).toEqual([
      expect.stringContaining("stands in a compensator and cannot have one itself"),
    ]);
    expect(undoing((b) => b.thenFn("x", fn).onError(ErrorBehavior.compensate()))).toEqual([
      expect.stringContaining("its onError cannot be compensate"),
    ]);
    expect(undoing((b) => b.whileDo(yes, block).onError(ErrorBehavior.retry({ interval: 1, onExhausted: "compensate" })))).toEqual([
      expect.stringContaining("its onError cannot be compensate"),
    ]);
  });

  it("containers and waits are taken", () => {
    expect(
      undoing((b) =>
        b
          .waitFor("e", "k")
          .forEach((d) => d.list, block)
          .onError(ErrorBehavior.suspend()),
      ),
    ).toEqual([]);
  });
});

describe("a graph from elsewhere", () => {
  // `any`, because it may be anything.
  const faults = (graph: any, functions: Record<string, unknown> = {}) =>
    faultsOf(() => definitionFromGraph({ id: "w", version: 1, graph }, functions));
  const end = (id: number, more: object = {}) => ({ id, name: `s${id}`, kind: "end", ...more });
  const delay = (id: number, more: object = {}) => ({ id, name: `s${id}`, kind: "delay", settings: { durationMs: 1 }, ...more });

  it("is refused when it has not the shape of one", () => {
    expect(faults(undefined)).toEqual(["the graph cannot be stored: the value is undefined: use null"]);
    expect(faults(null)).toEqual(["the graph has no list of steps"]);
    expect(faults({})).toEqual(["the graph has no list of steps"]);
    expect(faults({ steps: [] })).toEqual(["the workflow has no steps"]);
    expect(faults({ steps: [null, 5, []] })).toEqual(["step 0 is no object", "step 1 is no object", "step 2 is no object"]);
    expect(
      faults({
        steps: [
          {
            id: 1,
            name: 5,
            kind: "loop",
            next: "1",
            compensationStep: 0.5,
            blocks: [{}],
            functions: { a: 1 },
            inputs: "a",
            outputs: [1],
            settings: [],
          },
        ],
      }),
    ).toEqual([
      "step 0 has the id 1: ids are positions",
      "step 0 has no name",
      'step 0 has the unknown kind "loop"',
      "step 0 has a next that is no step id",
      "step 0 has a compensationStep that is no step id",
      "step 0 has blocks that are no list of { entry, role }",
      "step 0 has functions that are no record of keys",
      "step 0 has inputs that are no list of keys",
      "step 0 has outputs that are no list of keys",
      "step 0 has settings that are no record",
    ]);
  });

  it("is refused when its edges are wrong", () => {
    expect(faults({ steps: [delay(0, { next: 9 })] })).toEqual(['what follows of step 0 "s0" leads to step 9, which does not exist']);
    expect(faults({ steps: [delay(0, { next: 0 })] })).toEqual([
      'step 0 "s0" leads back to step 0 "s0": edges cannot form a cycle, use whileDo or goTo',
    ]);
    expect(faults({ steps: [delay(0, { next: 1 }), delay(1, { next: 2 }), delay(2, { next: 1 })] })).toEqual([
      'step 2 "s2" leads back to step 1 "s1": edges cannot form a cycle, use whileDo or goTo',
    ]);
    expect(faults({ steps: [delay(0), delay(1, { next: 2 }), end(2)] })).toEqual([
      'step 1 "s1" cannot be reached from the first step',
      'step 2 "s2" cannot be reached from the first step',
    ]);
    const branches = [
      { entry: 1, role: "branch" },
      { entry: 1, role: "branch" },
    ];
    expect(faults({ steps: [{ id: 0, name: "p", kind: "parallel", blocks: branches }, delay(1)] })).toEqual([
      'step 0 "p" leads to step 1 "s1", which another step leads to already: a step stands in one place',
    ]);
  });

  it("is refused when a goTo leads to a step that is not reached", () => {
    const steps = [{ id: 0, name: "g", kind: "goTo", settings: { target: "t" } }, delay(1, { externalId: "t" })];

    expect(faults({ steps })).toEqual(['step 1 "s1" cannot be reached from the first step']);
  });

  it("is refused when a goTo is not reached itself", () => {
    expect(faults({ steps: [delay(0), { id: 1, name: "g", kind: "goTo", settings: { target: "t" } }] })).toEqual([
      'step 1 "g" cannot be reached from the first step',
    ]);
  });

  it("is refused when the holder of an outcome stands behind nothing", () => {
    const steps = [{ id: 0, name: "o", kind: "outcome", blocks: [{ entry: 1, role: "outcome", value: 1 }] }, delay(1)];

    expect(faults({ steps })).toEqual(['step 0 "o" must stand behind a step of kind step, inline, subWorkflow']);
  });

  it("is refused when functions are missing", () => {
    const steps = [
      { id: 0, name: "a", kind: "inline", functions: { run: "0.run", when: "0.when" }, next: 1 },
      { id: 1, name: "b", kind: "inline", next: 2 },
      { id: 2, name: "c", kind: "delay", next: 3 },
      { id: 3, name: "d", kind: "waitForAny", settings: { events: { x: "e" } }, next: 4 },
      { id: 4, name: "e", kind: "step", stepType: "T", stepForm: "class", functions: { body: "4.body" } },
    ];

    expect(faults({ steps }, { "0.when": 5 })).toEqual([
      'step 0 "a" names "0.run" as its run, which is not among the functions',
      'step 0 "a" names "0.when" as its when, which is no function',
      'step 1 "b" has no function "run"',
      'step 2 "c" has neither a fixed durationMs nor a function or expression "duration"',
      'step 3 "d" has no key for "x"',
    ]);
    expect(faults({ steps: steps.slice(0, 0).concat([{ ...(steps[4] as (typeof steps)[0]), id: 0 }]) }, { "4.body": "x" })).toEqual([
      'step 0 "e" names "4.body" as its body, which is no function',
    ]);
  });

  it("is refused when settings are bad", () => {
    const steps = [
      delay(0, { settings: { durationMs: -1 }, next: 1 }),
      { id: 1, name: "b", kind: "step", next: 2 },
      {
        id: 2,
        name: "c",
        kind: "step",
        stepType: "C",
        stepForm: "function",
        inputs: ["a", "b"],
        timeoutMs: -5,
        errorBehavior: { kind: "retry", interval: -1 },
        next: 3,
      },
      {
        id: 3,
        name: "d",
        kind: "decide",
        functions: { on: "on" },
        blocks: [
          { entry: 4, role: "case" },
          { entry: 5, role: "branch" },
        ],
      },
      delay(4),
      delay(5),
    ];

    expect(faults({ steps, defaultErrorBehavior: { kind: "nothing" } }, { a: fn, b: fn, on: fn })).toEqual([
      "defaultErrorBehavior must be made by ErrorBehavior.retry, suspend, terminate or compensate",
      'step 0 "s0" has a durationMs that is no duration: -1',
      'step 1 "b" has no key of a body (stepType)',
      'step 1 "b" has a stepForm that is neither "function" nor "class"',
      'step 2 "c" is a function step with more than one input',
      'step 2 "c" has a timeoutMs that is no duration: -5',
      expect.stringContaining('step 2 "c" has a bad onError: interval of onError must be milliseconds'),
      'step 3 "d" has a block "case" without a value',
      'step 3 "d" cannot have a block "branch"',
    ]);
  });

  it("is refused when fixed settings are of another kind", () => {
    const steps = [
      { id: 0, name: "a", kind: "waitFor", settings: { eventName: "e", key: 5, effectiveDate: "garbage" }, next: 1 },
      { id: 1, name: "b", kind: "waitForAny", settings: { events: { x: "e" }, keys: { x: 5 }, effectiveDate: "2026-01-01" }, next: 2 },
      { id: 2, name: "c", kind: "forEach", functions: { items: "f" }, settings: { parallel: "no" }, blocks: [{ entry: 3, role: "body" }], next: 4 },
      delay(3, { functions: { cancelWhen: "f" }, proceedOnCancel: 1 }),
      { id: 4, name: "d", kind: "pollEndpoint", settings: { config: { url: "" } }, next: 5 },
      { id: 5, name: "e", kind: "waitForAny", settings: { events: { x: "e" }, keys: [] }, functions: { "key.x": "f" } },
    ];

    expect(faults({ steps }, { f: fn })).toEqual([
      'step 0 "a" has a key that is no text: 5',
      'step 0 "a" has a effectiveDate that is no date: "garbage"',
      'step 1 "b" has a keys that is no record of texts: { x: 5 }',
      'step 1 "b" has a effectiveDate that is no date: "2026-01-01"',
      'step 2 "c" has a parallel that is no boolean: "no"',
      'step 3 "s3" has a proceedOnCancel that is no boolean',
      'step 4 "d" has a bad config: url of pollEndpoint must be text that is not empty',
      'step 5 "e" has a keys that is no record of texts: []',
    ]);
  });

  it("may date a wait as any program writes dates", () => {
    const wait = (effectiveDate: string) => ({ id: 0, name: "a", kind: "waitFor", settings: { eventName: "e", key: "", effectiveDate } });

    for (const date of ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000+02:00", new Date(8.64e15).toISOString()])
      expect(faults({ steps: [wait(date)] })).toEqual([]);
    for (const date of ["2026-13-01T00:00:00Z", "2026-01-01T00:00:00", "5"])
      expect(faults({ steps: [wait(date)] })).toEqual([expect.stringContaining("that is no date")]);
  });

  it("may be as deep as it likes and is still only refused", () => {
    const steps = Array.from({ length: 20_000 }, (_, id) => ({
      id,
      name: "loop",
      kind: "while",
      functions: { condition: "c" },
      blocks: [{ entry: id + 1, role: "body" }],
    }));

    expect(faults({ steps: [...steps, delay(20_000)] }, { c: fn })).toEqual([expect.stringContaining("stands in more than 200 containers")]);
  });
});

class Outcomes implements StepBody {
  run(): ExecutionResult<"x"> {
    return ExecutionResult.outcome("x");
  }
}
