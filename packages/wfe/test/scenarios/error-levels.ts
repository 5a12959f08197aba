import { ErrorBehavior } from "../../src/index.ts";

const often = { interval: "1s", maxRetries: 2 } as const;

/** Every behavior, by what it is called. */
export const BEHAVIORS: Readonly<Record<BehaviorName, ErrorBehavior>> = {
  retry: ErrorBehavior.retry(often),
  "retry, then suspend": ErrorBehavior.retry({ ...often, onExhausted: "suspend" }),
  "retry, then terminate": ErrorBehavior.retry({ ...often, onExhausted: "terminate" }),
  "retry, then compensate": ErrorBehavior.retry({ ...often, onExhausted: "compensate" }),
  suspend: ErrorBehavior.suspend(),
  terminate: ErrorBehavior.terminate(),
  compensate: ErrorBehavior.compensate(),
};
export type BehaviorName =
  | "retry"
  | "retry, then suspend"
  | "retry, then terminate"
  | "retry, then compensate"
  | "suspend"
  | "terminate"
  | "compensate";

/** Where the behavior of a failing step can be said. `outer` holds everything, `inner` the failing step, a saga stands between them. */
export const LEVELS = [
  "on the step",
  "on the nearest container",
  "on an outer container",
  "as the default of the definition",
  "on a step with a compensator",
  "as the default of a definition, with a compensator",
  "on a step in a saga",
  "on a container in a saga",
  "on a container around a saga",
  "on a saga around",
  "as the default of a definition with a saga",
] as const;
export type Level = (typeof LEVELS)[number];

/** What has become of a workflow. */
export interface End {
  readonly status: "complete" | "suspended" | "terminated";
  /** Every pointer, in order of creation. */
  readonly pointers: readonly string[];
  /** Whether the failure is that of the instance. */
  readonly error: boolean;
}

const all = (status: string, ...names: readonly string[]): readonly string[] => names.map((name) => `${name} ${status}`);
const done = (...names: readonly string[]): readonly string[] => all("complete", ...names);

const plain = {
  passed: { status: "complete", error: false, pointers: done("before", "outer", "first", "inner", "flaky", "last", "after") },
  suspended: {
    status: "suspended",
    error: true,
    pointers: [...done("before"), ...all("running", "outer"), ...done("first"), ...all("running", "inner"), "flaky failed"],
  },
  terminated: {
    status: "terminated",
    error: true,
    pointers: [...done("before"), ...all("cancelled", "outer"), ...done("first"), ...all("cancelled", "inner"), "flaky failed"],
  },
  undone: {
    status: "complete",
    error: true,
    pointers: [...done("before", "outer", "first", "inner"), "flaky compensated", ...done("last", "after")],
  },
} as const satisfies Record<string, End>;

const alone = {
  ...plain,
  undone: {
    ...plain.undone,
    pointers: [...done("before", "outer", "first", "inner"), "flaky compensated", ...done("undo flaky", "last", "after")],
  },
};

/** One run of the saga that was undone. */
const undoneRun = ["first compensated", "inner cancelled", "flaky compensated", "undo complete"];
const passedRun = done("first", "inner", "flaky", "last");

const inSaga = {
  passed: { status: "complete", error: false, pointers: [...done("before", "outer", "saga"), ...passedRun, ...done("after")] },
  suspended: {
    status: "suspended",
    error: true,
    pointers: [...done("before"), ...all("running", "outer", "saga"), ...done("first"), ...all("running", "inner"), "flaky failed"],
  },
  terminated: {
    status: "terminated",
    error: true,
    pointers: [...done("before"), ...all("cancelled", "outer", "saga"), ...done("first"), ...all("cancelled", "inner"), "flaky failed"],
  },
  undone: {
    status: "complete",
    error: true,
    pointers: [...done("before", "outer"), "saga compensated", ...undoneRun, ...done("after")],
  },
} as const satisfies Record<string, End>;

/** What has become of it when the saga itself says what follows, after so many runs that were undone. */
const sagaRuns = {
  passed: (runs: number): End => ({
    ...inSaga.passed,
    pointers: [...done("before", "outer", "saga"), ...times(runs, undoneRun), ...passedRun, ...done("after")],
  }),
  undone: (runs: number): End => ({
    ...inSaga.undone,
    pointers: [...done("before", "outer"), "saga compensated", ...times(runs, undoneRun), ...done("after")],
  }),
  suspended: (runs: number): End => ({
    ...inSaga.suspended,
    pointers: [...done("before"), ...all("running", "outer"), "saga failed", ...times(runs, undoneRun)],
  }),
  terminated: (runs: number): End => ({
    ...inSaga.terminated,
    pointers: [...done("before"), ...all("cancelled", "outer"), "saga failed", ...times(runs, undoneRun)],
  }),
};

function times(count: number, run: readonly string[]): readonly string[] {
  return Array.from({ length: count }, () => run).flat();
}

/** What must have become of a workflow, and of it again after `resumeWorkflow` if it was suspended, or `retryWorkflow` if it was terminated. */
export interface Expectation {
  readonly end: End;
  /** Failed attempts until then. */
  readonly failures: number;
  readonly again?: { readonly end: End; readonly failures: number };
}

export function expectation(level: Level, behavior: BehaviorName, always: boolean): Expectation {
  const saga = level.includes("saga");
  if (level === "on a saga around") return ofSaga(behavior, always);
  const compensates = saga || level.includes("with a compensator");
  const ends = saga ? inSaga : compensates ? alone : plain;
  // What can be undone is, when nothing around it says otherwise, whatever the default.
  if (behavior === "compensate" || (compensates && level.startsWith("as the default"))) return { end: ends.undone, failures: 1 };
  const retries = behavior.startsWith("retry");
  if (retries && !always) return { end: ends.passed, failures: 1 };
  const failures = retries ? 3 : 1;
  const last = behavior === "retry" ? (compensates ? "compensate" : "suspend") : behavior.replace("retry, then ", "");
  if (last === "compensate") return { end: ends.undone, failures };
  const end = last === "suspend" ? ends.suspended : ends.terminated;
  return { end, failures, again: always ? { end, failures: 2 * failures } : { end: ends.passed, failures } };
}

function ofSaga(behavior: BehaviorName, always: boolean): Expectation {
  const { passed, undone, suspended, terminated } = sagaRuns;
  // A resumed saga is undone, whatever another run would give.
  if (behavior === "suspend") return { end: inSaga.suspended, failures: 1, again: { end: undone(1), failures: 1 } };
  if (behavior === "compensate") return { end: undone(1), failures: 1 };
  const retries = behavior.startsWith("retry");
  if (retries && !always) return { end: passed(1), failures: 1 };
  const failures = retries ? 3 : 1;
  const last = behavior === "retry" ? "compensate" : behavior.replace("retry, then ", "");
  if (last === "compensate") return { end: undone(failures), failures };
  const end = last === "suspend" ? suspended : terminated;
  const again = always ? { end: end(2 * failures), failures: 2 * failures } : { end: passed(failures), failures };
  return { end: end(failures), failures, again };
}
