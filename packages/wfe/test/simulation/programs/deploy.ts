import { type AnyDefinition, defineEvent, WorkflowBuilder } from "../../../src/index.ts";
import type { FinalState, ProgramFactory, Stimulus } from "../../../src/test-support/index.ts";
import { asIs, data, ended, type Log, sorted } from "./log.ts";

const go = defineEvent<number>("go");

/**
 * A deploy that is under way: the first host knows two versions, the others the first one alone; and a third definition is another graph on each
 * side. Whoever does not know an instance leaves it to others.
 */
export const deploy: ProgramFactory = (bodies) => {
  const child = (version: number): AnyDefinition =>
    new WorkflowBuilder<Log>()
      .thenFn(`inner ${version}`, (ctx) => bodies.pause(ctx))
      .output((_, d) => void d.log.push(`inner ${version}`))
      .build("deploy-child", version);
  const parent = new WorkflowBuilder<Log>()
    .subWorkflow<Log>("deploy-child", (d) => data(d.key))
    .output((result, d) => void d.log.push(...result.log))
    .build("deploy-parent", 1);
  const versioned = (version: number): AnyDefinition => {
    const first = new WorkflowBuilder<Log>().thenFn("a", (ctx) => bodies.sleep(ctx, 200)).output((_, d) => void d.log.push(`a${version}`));
    const second =
      version === 1
        ? first
        : first
            .delay(400)
            .thenFn("x", (ctx) => bodies.pause(ctx))
            .output((_, d) => void d.log.push("x"));
    return second
      .waitFor(go, (d) => d.key)
      .thenFn("b", (ctx) => bodies.pause(ctx))
      .output((_, d) => void d.log.push(`b${version}`))
      .build("deploy", version);
  };
  const changed = (side: string): AnyDefinition => {
    const first = new WorkflowBuilder<Log>().thenFn(side, (ctx) => bodies.sleep(ctx, 300)).output((_, d) => void d.log.push(side));
    const last = side === "old" ? first : first.delay(300);
    return last
      .thenFn("end", (ctx) => bodies.pause(ctx))
      .output((_, d) => void d.log.push(`${side} end`))
      .build("deploy-changed", 1);
  };
  const [one, two] = [versioned(1), versioned(2)];
  const [oldChild, newChild, oldGraph, newGraph] = [child(1), child(2), changed("old"), changed("new")];
  const ahead = [one, two, parent, oldChild, newChild, newGraph];
  const behind = [one, parent, oldChild, oldGraph];
  // Whoever does not know it refuses it, and has stored nothing: it is said until somebody knows it.
  const start = (id: string, definitionId: string, version: number): Stimulus => ({
    name: `start ${id}`,
    atMs: 100,
    everyMs: 700,
    act: (client) => client.startWorkflow(definitionId, version, data(id), { id }),
  });
  const publish = (id: string): Stimulus => ({
    name: `go ${id}`,
    atMs: 1_500,
    act: (client) => client.publishEvent(go, id, 1, { id: `go ${id}` }),
  });
  return {
    name: "deploy",
    definitions: [one, two, parent, oldChild, newChild, oldGraph, newGraph],
    definitionsAt: (place) => (place === 0 ? ahead : behind),
    stimuli: [
      start("v1", "deploy", 1),
      start("v2", "deploy", 2),
      start("parent", "deploy-parent", 1),
      start("changed", "deploy-changed", 1),
      // They may come before the instances: their waits have no date.
      ...["v1", "v2"].map((id): Stimulus => ({ ...publish(id), everyMs: 2_000, act: (client) => client.publishEvent(go, id, 1) })),
    ],
    workflowIds: ["v1", "v2", "parent", "changed"],
    verdict: (final) => [
      ...ended(final, "v1", "complete", asIs, ["a1", "b1"]),
      ...ended(final, "v2", "complete", asIs, ["a2", "x", "b2"]),
      ...oneOf(final, "parent", [["inner 1"], ["inner 2"]]),
      ...oneOf(final, "changed", [
        ["new", "new end"],
        ["old", "old end"],
      ]),
      ...elsewhere(final, [two, newChild, newGraph], (host) => host.startsWith("h1")),
      ...elsewhere(final, [oldGraph], (host) => !host.startsWith("h1")),
    ],
  };
};

function oneOf(final: FinalState, id: string, logs: readonly (readonly string[])[]): readonly string[] {
  const faults = logs.map((log) => ended(final, id, "complete", sorted, log));
  return faults.some((each) => each.length === 0) ? [] : faults.flat();
}

/** Runs of instances on hosts that do not know their definitions. */
function elsewhere({ records, runs }: FinalState, definitions: readonly AnyDefinition[], isKnown: (host: string) => boolean): readonly string[] {
  return runs.flatMap(({ host, workflowId, step }) => {
    const record = records.get(workflowId);
    const isOfThese = definitions.some(
      ({ id, version, fingerprint }) => id === record?.definitionId && version === record.version && fingerprint === record.fingerprint,
    );
    return isOfThese && !isKnown(host) ? [`${step} of ${workflowId} has run on ${host}, which does not know it`] : [];
  });
}
