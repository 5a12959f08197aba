import type { StepBuilder } from "../../../src/index.ts";
import {
  type Chained,
  counted,
  fails,
  itemsBelow,
  keyAt,
  type Lab,
  mark,
  note,
  PAUSE_MS,
  pathOf,
  type Place,
  reset,
  tally,
  type Trace,
  type Verb,
} from "./fragment.ts";

/** A step that is waiting when the data says that it is to be cancelled. */
const cancelledMeanwhile = (at: Place, proceed: boolean, lab: Lab): Chained => {
  const stops = (data: Readonly<Trace>): boolean => (data.counts["stop"] ?? 0) > 0;
  return at
    .thenFn("allow", () => 0)
    .output((zero, data) => void (data.counts["stop"] = zero))
    .parallel((p) =>
      p
        .branch((b) =>
          mark(
            (b.waitFor("never", (_, ctx) => keyAt(pathOf(ctx))) as StepBuilder<Trace, unknown, any>).cancelWhen(stops, { proceed }),
            "behind",
            lab,
          ),
        )
        .branch((b) =>
          b
            .delay(PAUSE_MS)
            .thenFn("stop", (ctx) => note(lab, ctx, "stop"))
            .output((label, data) => {
              data.seen.push(label);
              data.counts["stop"] = 1;
            }),
        ),
    );
};

/** Verbs that hold blocks, fork the flow, or lead it elsewhere. */
export const FLOW_VERBS: readonly Verb[] = [
  {
    name: "`ifDo`, its block",
    put: (at, lab) =>
      at.ifDo(
        () => true,
        (b) => mark(b, "then", lab),
        (b) => mark(b, "otherwise", lab),
      ),
    seen: ["then"],
    history: ["ifDo complete", "then complete"],
  },
  {
    name: "`ifDo`, its otherwise",
    put: (at, lab) =>
      at.ifDo(
        () => false,
        (b) => mark(b, "then", lab),
        (b) => mark(b, "otherwise", lab),
      ),
    seen: ["otherwise"],
    history: ["ifDo complete", "otherwise complete"],
  },
  {
    name: "`whileDo`",
    put: (at, lab) =>
      reset(at, "turn").whileDo(
        (data, ctx) => counted(data, ctx, "turn") < 2,
        (b) => mark(tally(b, "turn"), "turned", lab),
      ),
    seen: ["turned", "turned"],
    history: ["reset complete", "whileDo complete", "turn complete", "turned complete", "turn complete", "turned complete"],
  },
  {
    name: "`forEach`, at once",
    put: (at, lab) =>
      at.forEach(
        (_, ctx) => itemsBelow(ctx),
        (b) => mark(b, "each", lab),
      ),
    seen: ["/0:each", "/1:each"],
    anyOrder: true,
    history: ["forEach complete", "/0:each complete", "/1:each complete"],
  },
  {
    name: "`forEach`, in order",
    put: (at, lab) =>
      at.forEach(
        (_, ctx) => itemsBelow(ctx),
        (b) => mark(b, "each", lab),
        { parallel: false },
      ),
    seen: ["/0:each", "/1:each"],
    history: ["forEach complete", "/0:each complete", "/1:each complete"],
  },
  {
    name: "`parallel`",
    put: (at, lab) => at.parallel((p) => p.branch((b) => mark(b.delay(PAUSE_MS), "left", lab)).branch("named", (b) => mark(b, "right", lab))),
    seen: ["right", "left"],
    history: ["parallel complete", "delay complete", "left complete", "right complete"],
  },
  {
    name: "`decide`",
    put: (at, lab) =>
      at.decide(
        () => 2 as number,
        (d) =>
          d
            .case(1, (b) => mark(b, "one", lab))
            .case(2, (b) => mark(b, "two", lab))
            .otherwise((b) => mark(b, "none", lab)),
      ),
    seen: ["two"],
    history: ["decide complete", "two complete"],
  },
  {
    name: "`saga`",
    put: (at, lab) => at.saga((b) => mark(mark(b, "done", lab), "done too", lab)),
    seen: ["done", "done too"],
    history: ["saga complete", "done complete", "done too complete"],
  },
  {
    name: "`saga`, undone",
    put: (at, lab) =>
      at
        .saga((b) =>
          mark(b, "done", lab)
            .thenFn("held", () => {})
            .compensateWithFn("undo", (ctx) => void note(lab, ctx, "undo"))
            .thenFn("fails", () => fails("refused")),
        )
        .compensateWithSequence((b) => mark(b, "undo all", lab)),
    seen: ["done", "undo all"],
    ran: ["done", "undo", "undo all"],
    history: ["saga compensated", "done complete", "held compensated", "fails compensated", "undo complete", "undo all complete"],
    errors: ["refused"],
    refusedInCompensator: "stands in a compensator and cannot have one itself",
  },
  {
    name: "`schedule`",
    put: (at, lab) => at.schedule(PAUSE_MS, (b) => mark(b, "later", lab)),
    seen: [],
    beside: ["later"],
    history: ["schedule complete", "later complete"],
  },
  {
    name: "`recur`",
    put: (at, lab) =>
      reset(at, "run").recur(
        PAUSE_MS,
        (data, ctx) => counted(data, ctx, "run") >= 2,
        // Counted last: what others write ends a run that has counted.
        (b) => tally(mark(b, "recurred", lab), "run"),
      ),
    seen: [],
    beside: ["recurred", "recurred"],
    history: ["reset complete", "recur complete", "recurred complete", "run complete", "recurred complete", "run complete"],
  },
  {
    name: "`cancelWhen`",
    put: (at, lab) => cancelledMeanwhile(at, false, lab),
    awaits: ["never"],
    seen: ["stop"],
    history: ["allow complete", "parallel complete", "waitFor never cancelled", "delay complete", "stop complete"],
  },
  {
    name: "`cancelWhen` with `proceed`",
    put: (at, lab) => cancelledMeanwhile(at, true, lab),
    awaits: ["never"],
    seen: ["stop", "behind"],
    anyOrder: true,
    history: ["allow complete", "parallel complete", "waitFor never cancelled", "delay complete", "stop complete", "behind complete"],
  },
  {
    name: "`cancelWhen`, true at once",
    put: (at, lab) => mark(at, "fn", lab).cancelWhen(() => true),
    seen: [],
    history: ["fn cancelled"],
    leadsTo: "end of chain",
  },
  {
    name: "`cancelWhen` with `proceed`, true at once",
    put: (at, lab) =>
      mark(
        mark(at, "fn", lab).cancelWhen(() => true, { proceed: true }),
        "behind",
        lab,
      ),
    seen: ["behind"],
    history: ["fn cancelled", "behind complete"],
  },
  {
    name: "`goTo`, backwards",
    put: (at, lab) =>
      mark(tally(reset(at, "turn"), "turn").id("again"), "turned", lab).ifDo(
        (data, ctx) => counted(data, ctx, "turn") < 2,
        (b) => b.goTo("again"),
      ),
    seen: ["turned", "turned"],
    history: [
      "reset complete",
      "turn complete",
      "turned complete",
      "ifDo complete",
      "goTo again complete",
      "turn complete",
      "turned complete",
      "ifDo complete",
    ],
    refusedInCompensator: "stands in a compensator, which cannot be left with goTo",
  },
  {
    name: "`goTo`, out of it",
    put: (at) =>
      at.ifDo(
        (data) => data.seen.filter((label) => label === ":before").length < 2,
        (b) => b.goTo("before"),
      ),
    seen: [],
    history: ["ifDo complete"],
    leadsTo: "before",
    refusedInCompensator: "stands in a compensator, which cannot be left with goTo",
  },
  {
    name: "`endWorkflow`",
    put: (at) => at.endWorkflow(),
    seen: [],
    history: ["endWorkflow complete"],
    leadsTo: "end of workflow",
    refusedInCompensator: "stands in a compensator, which cannot be left with endWorkflow",
  },
];
