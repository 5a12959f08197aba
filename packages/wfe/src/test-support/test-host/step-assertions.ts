import { AssertionError } from "node:assert";
import { isDeepStrictEqual } from "node:util";
import type { ExecutionPointer, PointerStatus } from "wfe-core";

/** Where steps stand, by their names: of one that stands in one place its status, of one that was begun more than once, or never, the list of them. */
export type StepStatuses = Readonly<Record<string, PointerStatus | readonly PointerStatus[]>>;

/** @throws AssertionError that shows all that the workflow has done, when the named steps stand otherwise. */
export function assertStepStatuses(workflow: string, history: readonly ExecutionPointer[], expected: StepStatuses): void {
  const actual = Object.fromEntries(Object.keys(expected).map((step) => [step, statusOf(history, step, expected[step])]));
  if (isDeepStrictEqual(actual, { ...expected })) return;
  const different = Object.keys(expected).filter((step) => !isDeepStrictEqual(actual[step], expected[step]));
  const lines = different.map((step) => `- ${JSON.stringify(step)} is ${shown(actual[step])}, not ${shown(expected[step])}`);
  throw new AssertionError({
    message: [`the steps of the workflow ${workflow} stand otherwise:`, ...lines, "all its steps:", ...history.map(line)].join("\n"),
    actual,
    expected,
    operator: "deepStrictEqual",
  });
}

function statusOf(
  history: readonly ExecutionPointer[],
  step: string,
  expected: StepStatuses[string] | undefined,
): PointerStatus | readonly PointerStatus[] {
  const statuses = history.filter(({ stepName }) => stepName === step).map(({ status }) => status);
  const [only] = statuses;
  return statuses.length === 1 && only !== undefined && !Array.isArray(expected) ? only : statuses;
}

function shown(statuses: PointerStatus | readonly PointerStatus[] | undefined): string {
  if (typeof statuses === "string") return statuses;
  return statuses === undefined || statuses.length === 0 ? "not begun" : `[${statuses.join(", ")}]`;
}

function line({ id, stepName, stepId, index, status, attempt, error, scope }: ExecutionPointer): string {
  const item = index === undefined ? "" : ` (item ${index})`;
  const inside = scope.length === 0 ? "" : `, inside ${scope.at(-1)}`;
  const why = error === undefined ? "" : `: ${error.code} ${error.message}`;
  return `- ${id} ${JSON.stringify(stepName ?? `step ${stepId}`)}${item} ${status}, attempt ${attempt}${inside}${why}`;
}
