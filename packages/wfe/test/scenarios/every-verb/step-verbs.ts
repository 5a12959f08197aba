import { defineStep, ErrorBehavior, ExecutionResult, type StepBody } from "../../../src/index.ts";
import { type Context, fails, itemsBelow, type Lab, mark, note, PAUSE_MS, type Place, type Verb } from "./fragment.ts";

/** A step as a class, whose field goes in and comes out. */
function noting(lab: Lab, key: string) {
  return class implements StepBody {
    static readonly stepType = `${key} ${lab.version}`;
    name = "";
    label = "";
    readonly run = (ctx: Context): void => {
      this.label = note(lab, ctx, this.name);
    };
  };
}

const functionStep = (lab: Lab) =>
  defineStep(`function step ${lab.version}`, (input: { name: string }, ctx) => ({ label: note(lab, ctx, input.name) }));

/** Runs of a body until it has its result: the first asks for something, the second has got it. */
const twice = ["again", "again"];

/** Steps that run code. */
export const STEP_VERBS: readonly Verb[] = [
  { name: "`thenFn`", put: (at, lab) => mark(at, "fn", lab), seen: ["fn"], history: ["fn complete"] },
  {
    name: "`then` with a class",
    put: (at, lab) =>
      at
        .then(noting(lab, "Noting"))
        .name("Noting")
        .input((step) => void (step.name = "class"))
        .output((step, data) => void data.seen.push(step.label)),
    seen: ["class"],
    history: ["Noting complete"],
  },
  {
    name: "`then` with a function step",
    put: (at, lab) =>
      at
        .then(functionStep(lab), () => ({ name: "function" }))
        .name("function step")
        .output(({ label }, data) => void data.seen.push(label)),
    seen: ["function"],
    history: ["function step complete"],
  },
  {
    name: "`use` and `startWith`",
    put: (at, lab) =>
      at.use((b) =>
        mark(
          b
            .startWith(functionStep(lab), () => ({ name: "first" }))
            .name("function step")
            .output(({ label }, data) => void data.seen.push(label)),
          "second",
          lab,
        ),
      ),
    seen: ["first", "second"],
    history: ["function step complete", "second complete"],
  },
  {
    name: "`when`, skipped",
    put: (at, lab) => mark(at, "fn", lab).when(() => false),
    seen: [],
    history: ["fn skipped"],
  },
  {
    name: "`onOutcome`",
    put: (at, lab) =>
      at
        .thenFn("choose", (ctx) => {
          note(lab, ctx, "choose");
          return ExecutionResult.outcome("right");
        })
        .onOutcome("right", (b) => mark(b, "right", lab)),
    seen: ["right"],
    ran: ["choose", "right"],
    history: ["choose complete", "choose: outcome complete", "right complete"],
  },
  {
    name: "`onOutcome` of a class, without its block",
    put: (at, lab) => {
      class Choose implements StepBody {
        static readonly stepType = `Choose ${lab.version}`;
        readonly run = (ctx: Context) => {
          note(lab, ctx, "choose");
          return ExecutionResult.outcome(ctx.attempt > 0 ? "left" : "right");
        };
      }
      return at
        .then(Choose)
        .name("Choose")
        .onOutcome("right", (b) => mark(b, "right", lab));
    },
    seen: [],
    ran: ["choose"],
    history: ["Choose complete"],
  },
  {
    name: "a result that persists",
    put: (at, lab) =>
      at
        .thenFn("again", (ctx) => {
          const label = note(lab, ctx, "again");
          return ctx.persistenceData === undefined ? ExecutionResult.persist({ once: true }) : label;
        })
        .output((label, data) => void data.seen.push(label)),
    seen: ["again"],
    ran: twice,
    history: ["again complete"],
  },
  {
    name: "a result that sleeps",
    put: (at, lab) =>
      at
        .thenFn("again", (ctx) => {
          const label = note(lab, ctx, "again");
          return ctx.persistenceData === undefined ? ExecutionResult.sleep(PAUSE_MS, { once: true }) : label;
        })
        .output((label, data) => void data.seen.push(label)),
    seen: ["again"],
    ran: twice,
    history: ["again complete"],
  },
  {
    name: "a result that branches",
    put: (at, lab) =>
      at
        .thenFn("branches", (ctx) => {
          note(lab, ctx, "branches");
          return ExecutionResult.branch(itemsBelow(ctx));
        })
        .children((b) => mark(b as Place, "child", lab)),
    seen: ["/0:child", "/1:child"],
    ran: ["branches", "/0:child", "/1:child"],
    anyOrder: true,
    history: ["branches complete", "/0:child complete", "/1:child complete"],
  },
  {
    name: "a result that branches, and runs again",
    put: (at, lab) =>
      at
        .thenFn("branches", (ctx) => {
          const label = note(lab, ctx, "branches");
          return ctx.persistenceData === undefined ? ExecutionResult.branch(itemsBelow(ctx), { once: true }) : label;
        })
        .children((b) => mark(b as Place, "child", lab))
        .output((label, data) => void data.seen.push(label)),
    seen: ["/0:child", "/1:child", "branches"],
    ran: ["branches", "/0:child", "/1:child", "branches"],
    anyOrder: true,
    history: ["branches complete", "/0:child complete", "/1:child complete"],
  },
  {
    name: "`retry`, then success",
    put: (at, lab) =>
      at
        .thenFn("again", (ctx) => {
          const label = note(lab, ctx, "again");
          return ctx.attempt === 1 ? fails("not yet") : label;
        })
        .output((label, data) => void data.seen.push(label))
        .onError(ErrorBehavior.retry({ interval: PAUSE_MS, maxRetries: 1 })),
    seen: ["again"],
    ran: twice,
    history: ["again complete"],
    errors: ["not yet"],
  },
  {
    name: "`timeout`, then success",
    put: (at, lab) =>
      at
        .thenFn("again", async (ctx) => {
          const label = note(lab, ctx, "again");
          if (ctx.attempt === 1) await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
          return label;
        })
        .output((label, data) => void data.seen.push(label))
        .timeout(PAUSE_MS)
        .onError(ErrorBehavior.retry({ interval: PAUSE_MS, maxRetries: 1 })),
    seen: ["again"],
    ran: twice,
    history: ["again complete"],
    errors: ["the step"],
  },
  {
    name: "`compensateWith` of a failing step",
    put: (at, lab) =>
      at
        .thenFn("fails", (ctx) => {
          note(lab, ctx, "fails");
          fails("refused");
        })
        .compensateWith(noting(lab, "Undo"), (c) =>
          c
            .name("Undo")
            .input((step) => void (step.name = "undo"))
            .output((step, data) => void (data as { seen: string[] }).seen.push(step.label)),
        ),
    seen: ["undo"],
    ran: ["fails", "undo"],
    history: ["fails compensated", "Undo complete"],
    errors: ["refused"],
    undone: true,
    refusedInCompensator: "stands in a compensator and cannot have one itself",
  },
  {
    name: "`compensateWithFn` of a failing step",
    put: (at, lab) =>
      at
        .thenFn("fails", (ctx) => {
          note(lab, ctx, "fails");
          fails("refused");
        })
        .compensateWithFn("undo", (ctx) => void note(lab, ctx, `undo for ${ctx.compensates?.error.message}`)),
    seen: [],
    ran: ["fails", "undo for refused"],
    history: ["fails compensated", "undo complete"],
    errors: ["refused"],
    undone: true,
    refusedInCompensator: "stands in a compensator and cannot have one itself",
  },
  {
    name: "`compensateWithSequence` of a failing step",
    put: (at, lab) =>
      at
        .thenFn("fails", (ctx) => {
          note(lab, ctx, "fails");
          fails("refused");
        })
        .compensateWithSequence((b) => mark(mark(b, "undo 1", lab).delay(PAUSE_MS), "undo 2", lab)),
    seen: ["undo 1", "undo 2"],
    ran: ["fails", "undo 1", "undo 2"],
    history: ["fails compensated", "undo 1 complete", "delay complete", "undo 2 complete"],
    errors: ["refused"],
    undone: true,
    refusedInCompensator: "stands in a compensator and cannot have one itself",
  },
];
