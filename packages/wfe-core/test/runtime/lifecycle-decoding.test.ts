import { describe, expect, it } from "vitest";
import { LIFECYCLE_EVENT_TYPES, type LifecycleEvent } from "../../src/models/lifecycle-event.ts";
import { decodeLifecycleEvent } from "../../src/runtime/lifecycle-decoding.ts";
import { sampleLifecycleEvents } from "../../src/test-support/fixtures.ts";

const EVENTS = sampleLifecycleEvents("w");
const started = EVENTS.find(({ type }) => type === "started") as LifecycleEvent;

describe("a lifecycle event from JSON", () => {
  it("is what it was, whatever its type", () => {
    expect([...new Set(EVENTS.map(({ type }) => type))].toSorted()).toEqual([...LIFECYCLE_EVENT_TYPES].toSorted());

    expect(EVENTS.map((event) => decodeLifecycleEvent(JSON.parse(JSON.stringify(event))))).toEqual(EVENTS);
  });

  it.each<[what: string, value: unknown, fault: string]>([
    ["a text", "hello", "the event is no object"],
    ["null", null, "the event is no object"],
    ["one without an instance", { ...started, workflowId: 1 }, "the event is of no workflow"],
    ["one without a definition", { ...started, definitionId: undefined }, "the event is of no workflow"],
    ["one whose version is a text", { ...started, version: "1" }, "the event is of no version"],
    ["one whose reference is a number", { ...started, reference: 1 }, "the event's reference is no text"],
    ["one without a time", { ...started, at: undefined }, "the event has no time"],
    ["one at no time", { ...started, at: "yesterday" }, "the event has no time"],
    ["one of an unknown type", { ...started, type: "exploded" }, 'the event\'s type "exploded" is not known'],
    ["one of a step without a step", { ...started, type: "stepStarted" }, "the event is of no step"],
    ["one of a step without an attempt", { ...started, type: "stepStarted", step: "s", pointerId: "p", stepId: 1 }, "the event is of no step"],
    ["an error without an error", { ...started, type: "error" }, "the event's error is no object"],
    ["an error without a code", { ...started, type: "error", error: { message: "m" } }, "the event's error has no code and message"],
    ["an error of half a step", { ...started, type: "error", error: { code: "c", message: "m" }, step: "s" }, "the event is of no step"],
  ])("refuses %s", (_, value, fault) => {
    const json: unknown = JSON.parse(JSON.stringify(value));

    expect(() => decodeLifecycleEvent(json)).toThrow(fault);
  });
});
