import { setTimeout as sleep } from "node:timers/promises";
import { defineEvent, ErrorBehavior, type EventDefinition, WorkflowBuilder, type WorkflowDefinition } from "wfe";

/** What every trip waits for twice, under its id. */
export const note: EventDefinition<number> = defineEvent<number>("note");

export interface Trip {
  id: string;
  n: number;
  /** Of each step that has ended: the run whose result was taken. */
  runs: string[];
  notes: number[];
}

/** How often a step of it fails before it does its work. */
export const failures = (n: number): number => n % 3;
/** Whether its last step fails for good, so that the saga is undone. */
export const isUndone = (n: number): boolean => n % 4 === 1;
/** Whether its notes are published at its start, and not when it waits for them. */
export const hasEarlyNotes = (n: number): boolean => n % 2 === 0;
export const notesOf = (n: number): readonly number[] => [n * 10 + 1, n * 10 + 2];

/** The pointers of a trip that has ended, in the order of their creation. */
export function expectedPointers(n: number): readonly string[] {
  const complete = ["begin", "flaky", "first note", "pause", "saga", "reserve", "charge", "second note"];
  return [
    ...complete.map((step) => `${step} ${isUndone(n) && ["saga", "reserve", "charge"].includes(step) ? "compensated" : "complete"}`),
    ...(isUndone(n) ? ["ship compensated", "refund complete", "release complete"] : ["ship complete"]),
    "close complete",
  ];
}

/** The steps whose result has gone to the data. */
export function expectedRuns(n: number): readonly string[] {
  return ["begin", "flaky", "reserve", "charge", ...(isUndone(n) ? [] : ["ship"]), "close"];
}

/** One start of a body. */
export interface Run {
  readonly key: string;
  readonly attempt: number;
  readonly step: string;
}

interface Body {
  readonly data: Readonly<Trip>;
  readonly attempt: number;
  readonly idempotencyKey: string;
}

/** Ten steps: bodies, one of which is retried, two waits, a pause, and a saga that some trips undo. */
export function trip(ran: (run: Run) => void): WorkflowDefinition<Trip> {
  const work = async (step: string, { attempt, idempotencyKey: key }: Body): Promise<string> => {
    ran({ step, attempt, key });
    await sleep(Math.random() * 20); // in which its host may be killed
    return `${key} ${attempt}`;
  };
  const run = (step: string, fails: (ctx: Body) => boolean = () => false): ((ctx: Body) => Promise<string>) => {
    return async (ctx) => {
      const done = await work(step, ctx);
      if (fails(ctx)) throw new Error("not this time");
      return done;
    };
  };
  const undo = (step: string): ((ctx: Body) => Promise<void>) => {
    return async (ctx) => void (await work(step, ctx));
  };
  const keep = (id: string, data: Trip): void => void data.runs.push(id);
  const keepNote = (number: number, data: Trip): void => void data.notes.push(number);
  return new WorkflowBuilder<Trip>()
    .thenFn("begin", run("begin"))
    .output(keep)
    .thenFn(
      "flaky",
      run("flaky", ({ attempt, data }) => attempt <= failures(data.n)),
    )
    .onError(ErrorBehavior.retry({ interval: "5ms", maxRetries: 10 }))
    .output(keep)
    .waitFor(note, ({ id }) => id)
    .name("first note")
    .output(keepNote)
    .delay(({ n }) => 5 + (n % 50))
    .name("pause")
    .saga((b) =>
      b
        .thenFn("reserve", run("reserve"))
        .output(keep)
        .compensateWithFn("release", undo("release"))
        .thenFn("charge", run("charge"))
        .output(keep)
        .compensateWithFn("refund", undo("refund"))
        .waitFor(note, ({ id }) => id)
        .name("second note")
        .output(keepNote)
        .thenFn(
          "ship",
          run("ship", ({ data }) => isUndone(data.n)),
        )
        .output(keep)
        .onError(ErrorBehavior.compensate()),
    )
    .name("saga")
    .thenFn("close", run("close"))
    .output(keep)
    .build("trip", 1);
}
