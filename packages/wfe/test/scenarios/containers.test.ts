import { expect, it } from "vitest";
import {
  type BranchBuilder,
  type Chain,
  ErrorBehavior,
  type StepExecutionContext,
  WorkflowBuilder,
  type WorkflowDefinition,
} from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Trace {
  seen: string[];
}

const trace = (text: string, data: Trace): void => void data.seen.push(text);
const place = ({ item, index }: StepExecutionContext<unknown, unknown>): string => `${String(index)}: ${JSON.stringify(item)}`;

scenarios("containers", (open) => {
  it("with nothing to run are passed over, wherever they stand", async () => {
    const { host: newHost, clock } = await open();
    const empty = (b: BranchBuilder<Trace>): Chain =>
      b
        .forEach(
          () => [] as string[],
          (c) => c.thenFn("never", () => "never").output(trace),
        )
        .forEach(
          () => [] as string[],
          (c) => c.thenFn("never", () => "never").output(trace),
          { parallel: false },
        )
        .whileDo(
          () => false,
          (c) => c.thenFn("never", () => "never").output(trace),
        )
        .ifDo(
          () => false,
          (c) => c.thenFn("never", () => "never").output(trace),
        );
    const definition = new WorkflowBuilder<Trace>()
      .use(empty)
      .thenFn("between", () => "between")
      .output(trace)
      .parallel((p) => p.branch(empty).branch("another", empty))
      .forEach(
        () => ["x", "y"],
        (b) => b.use(empty).thenFn("in it", place).output(trace),
        { parallel: false },
      )
      .ifDo(() => true, empty)
      .thenFn("behind", () => "behind")
      .output(trace)
      .forEach(() => ["x"], empty)
      .build("empty", 1);
    const onlyEmpty = new WorkflowBuilder<Trace>().use(empty).build("only empty", 1);
    const host = await newHost((h) => [definition, onlyEmpty].forEach((each) => h.registerWorkflowDefinition(each)));

    const both = Promise.all([host.runWorkflow(definition, { seen: [] }), host.runWorkflow(onlyEmpty, { seen: [] })]);
    await clock.settle();

    expect(await both).toEqual([{ seen: ["between", '0: "x"', '1: "y"', "behind"] }, { seen: [] }]);
  });

  it("let branches sleep each for its own time, and join behind the longest", async () => {
    const { host: newHost, clock } = await open();
    const began = clock.now();
    const at = (text: string) => (): string => `${text} at ${(clock.now() - began) / 1_000}`;
    const definition = new WorkflowBuilder<Trace>()
      .parallel((p) =>
        p
          .branch("three", (b) => b.delay("3s").thenFn("a", at("a")).output(trace).delay("4s").thenFn("b", at("b")).output(trace))
          .branch("none", (b) => b.delay(0).thenFn("c", at("c")).output(trace))
          .branch("each", (b) =>
            b.forEach(
              () => [2_000, 5_000, 1_000],
              (c) =>
                c
                  .delay((_, ctx) => ctx.item)
                  .thenFn("d", (ctx) => at(`d${ctx.index}`)())
                  .output(trace),
            ),
          )
          .branch("in order", (b) =>
            b.forEach(
              () => [2_500, 5_100],
              (c) =>
                c
                  .delay((_, ctx) => ctx.item)
                  .thenFn("e", (ctx) => at(`e${ctx.index}`)())
                  .output(trace),
              { parallel: false },
            ),
          ),
      )
      .thenFn("joined", at("joined"))
      .output(trace)
      .build("delays", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition), { sweepInterval: "1h" });

    const done = host.runWorkflow(definition, { seen: [] });
    await clock.advance("1m");

    expect((await done).seen).toEqual(["c at 0", "d2 at 1", "d0 at 2", "e0 at 2.5", "a at 3", "d1 at 5", "b at 7", "e1 at 7.6", "joined at 7.6"]);
  });

  it("take a fragment again and again, at any depth, in workflows with other data", async () => {
    const { host: newHost, clock } = await open();
    const audited = (b: BranchBuilder<{ audit: string[] }>): Chain =>
      b
        .thenFn("audit", (ctx) => `${ctx.definition.id} ${String(ctx.index)}`)
        .output((text, data) => void data.audit.push(text))
        .ifDo(
          (data) => data.audit.length % 2 === 0,
          (c) => c.thenFn("even", () => "even").output((text, data) => void data.audit.push(text)),
        );
    const one: WorkflowDefinition<{ audit: string[]; n: number }> = new WorkflowBuilder<{ audit: string[]; n: number }>()
      .use(audited)
      .thenFn("add", (ctx) => ctx.data.n + 1)
      .saveAs("n")
      .forEach(
        () => [1, 2],
        (b) => b.use(audited).use(audited),
        { parallel: false },
      )
      .build("one", 1);
    const two = new WorkflowBuilder<{ audit: string[]; other: boolean }>()
      .parallel((p) => p.branch(audited))
      .use(audited)
      .build("two", 1);
    const host = await newHost((h) => {
      h.registerWorkflowDefinition(one);
      h.registerWorkflowDefinition(two);
    });

    const both = Promise.all([host.runWorkflow(one, { audit: [], n: 1 }), host.runWorkflow(two, { audit: ["began"], other: true })]);
    await clock.settle();

    expect(await both).toEqual([
      { n: 2, audit: ["one undefined", "one 0", "even", "one 0", "even", "one 1", "even", "one 1", "even"] },
      { other: true, audit: ["began", "two undefined", "even", "two undefined", "even"] },
    ]);
  });

  it("whose own expression fails hold their place until resume, and open nothing before", async () => {
    const { host: newHost, clock } = await open();
    const broken = new Set(["decide", "forEach"]);
    const definition = new WorkflowBuilder<Trace & { kind: string }>()
      .defaultErrorBehavior(ErrorBehavior.suspend())
      .decide(
        (data) => (broken.has("decide") ? data.kind : "a"),
        (d) => d.case("a", (c) => c.thenFn("a", () => "a").output(trace)),
      )
      .forEach(
        () => (broken.has("forEach") ? (null as never) : ["b"]),
        (c) => c.thenFn("b", (ctx) => ctx.item).output(trace),
      )
      .thenFn("joined", () => "joined")
      .output(trace)
      .build("fails", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, { seen: [], kind: "z" });
    const states: unknown[] = [];

    for (const mended of ["nothing", "decide", "forEach"]) {
      broken.delete(mended);
      await host.resumeWorkflow(id); // at first it has not come to the step, and there is nothing to resume
      await clock.advance("1m");
      const { status, data, error } = await host.getWorkflow(id);
      states.push([status, (data as Trace).seen, error?.message]);
    }

    expect(states).toEqual([
      ["suspended", [], 'the step "decide" has no case for "z" and no otherwise'],
      ["suspended", ["a"], 'the items of the step "forEach" gave null in place of an array'],
      ["complete", ["a", "b", "joined"], undefined],
    ]);
  });
});
