import { describe, expect, it } from "vitest";
import { blockBehind, blockBehindPrimitive } from "../../src/primitives/block-behind.ts";
import { primitiveContext } from "./primitive-context.ts";

describe("the blocks behind a step", () => {
  const outcomes = [
    { entry: 1, role: "outcome", value: { ok: true } },
    { entry: 2, role: "outcome", value: null },
  ];
  const outcome = { id: 1, name: "s", kind: "outcome", blocks: outcomes } as const;
  const timeout = { id: 1, name: "s", kind: "timeout", blocks: [{ entry: 3, role: "timeout" }] } as const;

  it("are chosen by an equal outcome, or by the end of the limit", () => {
    expect([
      blockBehind(outcome, { outcome: { ok: true } }),
      blockBehind(outcome, { outcome: null }),
      blockBehind(timeout, { timedOut: true }),
    ]).toEqual([outcomes[0], outcomes[1], timeout.blocks[0]]);
  });

  it("are passed over for another outcome, for none, and when no limit has ended", () => {
    expect([
      blockBehind(outcome, { outcome: false }),
      blockBehind(outcome, {}),
      blockBehind(outcome, { timedOut: true }),
      blockBehind(timeout, {}),
      blockBehind(timeout, { outcome: { ok: true } }),
    ]).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });

  it("are run by their holder", () => {
    expect([
      blockBehindPrimitive.enter(primitiveContext(outcome, { outcome: { ok: true } })),
      blockBehindPrimitive.enter(primitiveContext(outcome, { outcome: false })),
      blockBehindPrimitive.enter(primitiveContext(timeout)),
    ]).toEqual([
      { kind: "open", entries: [{ block: outcomes[0] }] },
      { kind: "complete" },
      { kind: "open", entries: [{ block: timeout.blocks[0] }] },
    ]);
  });
});
