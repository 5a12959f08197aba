import { expect, it } from "vitest";
import { type Chain, type ErrorBehavior, type Verbs, WorkflowBuilder, type WorkflowDefinition, type WorkflowHost } from "../../src/index.ts";
import { BEHAVIORS, type BehaviorName, type End, type Expectation, expectation, type Level, LEVELS } from "./error-levels.ts";
import { type Scenario, scenarios } from "./scenario.ts";

type Place = Verbs<{ n: number }, any, any>;
type Settable = Chain & { onError(behavior: ErrorBehavior): Chain };

/** A workflow with a step that fails so often, and the behavior at one level. */
function workflow(level: Level, name: BehaviorName, fails: number, version: number): WorkflowDefinition<{ n: number }> {
  const behavior = BEHAVIORS[name];
  let left = fails;
  const at = <T extends Settable>(chain: T, ...levels: readonly Level[]): T => (levels.includes(level) ? (chain.onError(behavior) as T) : chain);
  const flaky = (): void => {
    left -= 1;
    if (left >= 0) throw new Error("declined");
  };
  const inner = (b: Place) => {
    const first = b.thenFn("first", () => {});
    const each = (level.includes("saga") ? first.compensateWithFn("undo", () => {}) : first)
      .forEach(
        () => [1],
        (c) => {
          const step = c.thenFn("flaky", flaky);
          const undone = level.includes("with a compensator") ? step.compensateWithFn("undo flaky", () => {}) : step;
          return at(undone, "on the step", "on a step with a compensator", "on a step in a saga").thenFn("last", () => {});
        },
        { parallel: false },
      )
      .name("inner");
    return at(each, "on the nearest container", "on a container in a saga");
  };
  const builder = new WorkflowBuilder<{ n: number }>();
  if (level.startsWith("as the default")) builder.defaultErrorBehavior(behavior);
  const outer = builder
    .thenFn("before", () => {})
    .ifDo(
      () => true,
      (b) => (level.includes("saga") ? at(b.saga(inner), "on a saga around") : inner(b)),
    )
    .name("outer");
  return at(outer, "on an outer container", "on a container around a saga")
    .thenFn("after", () => {})
    .build("w", version);
}

async function endOf(host: WorkflowHost, id: string): Promise<{ readonly end: End; readonly failures: number }> {
  const { status, error } = await host.getWorkflow(id);
  const pointers = (await host.getHistory(id)).map((pointer) => `${pointer.stepName} ${pointer.status}`);
  const failures = await host.getErrors(id);
  expect(failures.map(({ message, step }) => `${step}: ${message}`)).toEqual(failures.map(() => "flaky: declined"));
  expect(error?.message ?? "declined").toBe("declined");
  return { end: { status, error: error !== undefined, pointers } as End, failures: failures.length };
}

scenarios(
  "an error behavior",
  (open) => {
    let opened: Promise<readonly [Scenario, WorkflowHost]> | undefined;
    let version = 0;
    const cases = LEVELS.flatMap((level) =>
      (Object.keys(BEHAVIORS) as readonly BehaviorName[]).flatMap((behavior) =>
        [false, true].map((always): readonly [BehaviorName, Level, string, Expectation] => [
          behavior,
          level,
          always ? "that always fails" : "that fails once",
          expectation(level, behavior, always),
        ]),
      ),
    );

    it.each(cases)("%s %s, for a step %s", async (behavior, level, fails, expected) => {
      opened ??= open().then(async (scenario) => [scenario, await scenario.host(undefined, { sweepInterval: "1h" })]);
      const [{ clock }, host] = await opened;
      version += 1;
      const definition = workflow(level, behavior, fails === "that always fails" ? Number.POSITIVE_INFINITY : 1, version);
      host.registerWorkflowDefinition(definition);

      const id = await host.startWorkflow(definition, { n: 0 });
      await clock.advance("1m");
      const first = await endOf(host, id);
      const went = first.end.status === "suspended" ? await host.resumeWorkflow(id) : await host.retryWorkflow(id);
      await clock.advance("1m");
      const second = await endOf(host, id);

      const { again, ...at } = expected;
      expect(first).toEqual(at);
      expect(went).toBe(again !== undefined);
      expect(second).toEqual(again ?? at);
    });
  },
  { lasting: true },
);
