import { describe, expect, it } from "vitest";
import { UnknownDefinitions } from "../../src/host/unknown-definitions.ts";
import { InMemoryWorkflowRegistry, type LogEntry, Payloads, systemClock, WorkflowBuilder, type WorkflowRow } from "../../src/index.ts";
import { sampleWorkflow } from "../../src/test-support/index.ts";

const definition = new WorkflowBuilder<{ n: number }>().thenFn("a", () => {}).build("known", 1);

function setUp(): { readonly unknown: UnknownDefinitions; readonly registry: InMemoryWorkflowRegistry; readonly log: LogEntry[] } {
  const log: LogEntry[] = [];
  const registry = new InMemoryWorkflowRegistry();
  const unknown = new UnknownDefinitions({ registry, clock: systemClock, payloads: new Payloads(), log: { write: (entry) => void log.push(entry) } });
  return { unknown, registry, log };
}

/** An instance of a definition, as a pass leaves it to others. */
function left(id: string, definitionId = "d", version = 1, fingerprint = "f"): Parameters<UnknownDefinitions["saw"]>[0] {
  const { pointers, ...row } = sampleWorkflow(id, { definitionId, version, fingerprint });
  const stored: WorkflowRow = { ...row, status: "runnable", revision: 0, controlSeq: 0, inboxSeq: 0, sequence: 1 };
  return { row: stored, pointers };
}

describe("unknown definitions", () => {
  it("are logged once for each id, version and fingerprint", () => {
    const { unknown, log } = setUp();

    for (const id of ["a", "b", "a"]) unknown.saw(left(id));
    unknown.saw(left("c", "d", 2));
    unknown.saw(left("d", "d", 1, "g"));
    unknown.saw(left("a"));

    expect(log.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      "warn: the workflow name of a is left to other hosts: the definition d 1 is not registered here, nor is any other version of it; if none knows it, register definition d 1 on a host",
      "warn: the workflow name of c is left to other hosts: the definition d 2 is not registered here, nor is any other version of it; if none knows it, register definition d 2 on a host",
      "warn: the workflow name of d is left to other hosts: the definition d 1 is not registered here, nor is any other version of it; if none knows it, register definition d 1 on a host",
    ]);
  });

  it("are told to a metric sink, each instance once until it is known", () => {
    const told: unknown[] = [];
    const parts = { registry: new InMemoryWorkflowRegistry(), clock: systemClock, payloads: new Payloads(), log: { write: () => undefined } };
    const unknown = new UnknownDefinitions({ ...parts, metrics: { record: (measurement) => void told.push(measurement) } });

    for (const id of ["a", "b", "a"]) unknown.saw(left(id));
    unknown.known("a");
    unknown.saw(left("a"));

    const seen = { kind: "unknownDefinitionSeen", definitionId: "d", version: 1, fingerprint: "f" };
    expect(told).toEqual([seen, seen, seen]);
  });

  it("count each instance once, until it is known or its definition is registered", () => {
    const { unknown, registry } = setUp();
    for (const id of ["a", "b", "a"]) unknown.saw(left(id));
    unknown.saw(left("k", "known", 1, definition.fingerprint));
    expect(unknown.seen).toEqual([
      { id: "d", version: 1, fingerprint: "f", instances: 2 },
      { id: "known", version: 1, fingerprint: definition.fingerprint, instances: 1 },
    ]);

    unknown.known("a");
    unknown.known("nobody");
    registry.register(definition);

    expect(unknown.seen).toEqual([{ id: "d", version: 1, fingerprint: "f", instances: 1 }]);
    unknown.known("b");
    expect(unknown.seen).toEqual([]);
  });

  it("name the version that an instance could be taken to", () => {
    const { unknown, registry, log } = setUp();
    registry.register(definition);

    unknown.saw(left("a", "known", 2));
    unknown.saw(left("b", "known", 1));

    expect(log.map(({ message }) => message.slice(message.indexOf("if none")))).toEqual([
      "if none knows it, register definition known 2 on a host, or take it to version 1 with migrateWorkflow",
      "if none knows it, register definition known 1 with the graph that it was started with (fingerprint f) on a host, or take it to version 1 with migrateWorkflow",
    ]);
  });

  it("say nothing of one that was registered since the pass has looked", () => {
    const { unknown, registry, log } = setUp();
    registry.register(definition);

    unknown.saw(left("a", "known", 1, definition.fingerprint));

    expect(log).toEqual([]);
  });

  it("tell what differs of pointers that can be decoded", () => {
    const { unknown, registry, log } = setUp();
    registry.register(definition);
    const { row, pointers } = left("a", "known", 1);
    const unreadable = { status: "running", persistenceData: "{", error: "{}", stepName: "another" } as const;

    unknown.saw({ row, pointers: pointers.map((pointer) => ({ ...pointer, ...unreadable })) });

    const differences = [{ pointerId: "1", stepId: 0, step: "another", problem: "otherName", here: { step: "a", kind: "inline" } }];
    expect(log).toMatchObject([{ fields: { definition: { problem: "fingerprint", differences } } }]);
  });

  it("remember 10,000 instances, and forget the one seen longest ago", () => {
    const { unknown } = setUp();
    unknown.saw(left("old", "old"));
    for (let n = 1; n < 10_000; n += 1) unknown.saw(left(`i${n}`));
    expect(unknown.seen.map(({ instances }) => instances)).toEqual([1, 9_999]);

    unknown.saw(left("one more"));

    expect(unknown.seen.map(({ id, instances }) => `${id}: ${instances}`)).toEqual(["d: 10000"]);
  });

  it("remember 1,000 definitions, and tell again of one that was forgotten", () => {
    const { unknown, log } = setUp();
    for (let n = 0; n <= 1_000; n += 1) unknown.saw(left(`i${n}`, `d${n}`));
    expect([log.length, unknown.seen.length, unknown.seen[0]?.id]).toEqual([1_001, 1_000, "d1"]);

    unknown.saw(left("i1", "d1"));
    unknown.saw(left("i0", "d0"));

    expect(log.length).toBe(1_002);
    expect(unknown.seen.map(({ id }) => id)).toContain("d0");
  });
});
