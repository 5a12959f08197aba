import { expect, it } from "vitest";
import { type Clock, ExecutionResult, type StepExecutionContext, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Trace {
  seen: string[];
}

const trace = (text: string, data: Trace): void => void data.seen.push(text);
const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));
const place = ({ item, index }: StepExecutionContext<unknown, unknown>): string => `${String(index)}: ${JSON.stringify(item)}`;

scenarios("items and data of containers", (open) => {
  it("are those of the innermost forEach through all that stands between, and of the outer one again behind it", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Trace & { turns: number }>()
      .forEach(
        () => [{ row: 1 }, { row: 2 }],
        (b) =>
          b
            .ifDo(
              (_, ctx) => ctx.item.row === 2,
              (c) =>
                c.parallel((p) =>
                  p.branch((d) =>
                    d
                      .whileDo(
                        (data) => data.turns < 2,
                        (e) => e.thenFn("in while", (ctx) => `while ${place(ctx)}`).output((text, data) => (trace(text, data), (data.turns += 1))),
                      )
                      .forEach(
                        (_, ctx) => [`a${ctx.item.row}`, `b${ctx.item.row}`],
                        (e) =>
                          e
                            .decide(
                              (_, ctx) => ctx.index === 1,
                              (f) =>
                                f
                                  .case(true, (g) => g.thenFn("in case", (ctx) => `case ${place(ctx)}`).output(trace))
                                  .case(false, (g) => g.thenFn("in other case", (ctx) => `other case ${place(ctx)}`).output(trace)),
                            )
                            .thenFn("behind decide", (ctx) => `behind decide ${place(ctx)}`)
                            .output(trace),
                        { parallel: false },
                      )
                      .thenFn("behind forEach", (ctx) => `behind forEach ${place(ctx)}`)
                      .output(trace),
                  ),
                ),
            )
            .thenFn("choose", (ctx) => ExecutionResult.outcome(ctx.item.row))
            .onOutcome(1, (c) =>
              c
                .waitFor("never", "k", { timeout: 10 })
                .onTimeout((d) => d.thenFn("late", (ctx) => `onTimeout ${place(ctx)}`).output(trace))
                .thenFn("in outcome", (ctx) => `onOutcome ${place(ctx)}`)
                .output(trace),
            ),
        { parallel: false },
      )
      .thenFn("behind all", (ctx) => place(ctx))
      .output(trace)
      .build("items", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const done = host.runWorkflow(definition, { seen: [], turns: 0 });
    await clock.advance("1s");

    expect((await done).seen).toEqual([
      'onTimeout 0: {"row":1}',
      'onOutcome 0: {"row":1}',
      'while 1: {"row":2}',
      'while 1: {"row":2}',
      'other case 0: "a2"',
      'behind decide 0: "a2"',
      'case 1: "b2"',
      'behind decide 1: "b2"',
      'behind forEach 1: {"row":2}',
      "undefined: undefined",
    ]);
  });

  it.each([true, false])("come from a list that is selected once, whatever becomes of it meanwhile (parallel: %s)", async (parallel) => {
    const { host: newHost, clock } = await open();
    let selections = 0;
    const definition = new WorkflowBuilder<{ list: number[]; done: number[] }>()
      .forEach(
        (data) => {
          selections += 1;
          return data.list;
        },
        (b) => b.thenFn("one", (ctx) => ctx.item).output((item, data) => (data.done.push(item), data.list.push(item + 10))),
        { parallel },
      )
      .build("list", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const done = host.runWorkflow(definition, { list: [1, 2, 3], done: [] });
    await clock.settle();

    expect(await done).toEqual({ list: [1, 2, 3, 11, 12, 13], done: [1, 2, 3] });
    expect(selections).toBe(1);
  });

  it("keep all that parallel branches write at the same time, into fields of their own or the same list", async () => {
    const { host: newHost, clock } = await open();
    const count = 40;
    const definition = new WorkflowBuilder<{ list: number[]; by: Record<string, number>; sum: number }>()
      .forEach(
        () => Array.from({ length: count }, (_, n) => n),
        (b) =>
          b
            .thenFn("first", async (ctx) => {
              await pause(clock, (ctx.item * 7) % 5);
              return ctx.item;
            })
            .output((n, data) => {
              data.list.push(n);
              data.by[`item ${n}`] = 1;
              data.sum += n;
            })
            .thenFn("second", () => ExecutionResult.next({ output: {} }))
            .thenFn("third", (ctx) => ctx.data.by[`item ${ctx.item}`] ?? 0)
            .output((n, data, ctx) => void (data.by[`item ${ctx.item}`] = n + 1)),
      )
      .parallel((p) =>
        p
          .branch((b) => b.thenFn("left", () => 1_000).output((n, data) => void (data.sum += n)))
          .branch((b) => b.thenFn("right", () => 10_000).output((n, data) => void (data.sum += n))),
      )
      .build("writes", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition), { maxConcurrentStepsPerWorkflow: 50 });

    const done = host.runWorkflow(definition, { list: [], by: {}, sum: 0 });
    await clock.advance("1s");

    const data = await done;
    const all = Array.from({ length: count }, (_, n) => n);
    expect({ ...data, list: [...data.list].sort((a, b) => a - b) }).toEqual({
      list: all,
      by: Object.fromEntries(all.map((n) => [`item ${n}`, 2])),
      sum: (count * (count - 1)) / 2 + 11_000,
    });
  });
});
