import { describe, expect, it } from "vitest";
import { between, type CpuProfile } from "../profile/cpu-profile.ts";
import { selfTimes } from "../profile/self-times.ts";

function node(id: number, functionName: string, url = "file:///work/packages/wfe/dist/host.js"): CpuProfile["nodes"][number] {
  return { id, callFrame: { functionName, url, lineNumber: 9 } };
}

/** Loads until 1,300, then works. */
const PROFILE: CpuProfile = {
  nodes: [node(1, "(idle)", ""), node(2, "load", "node:internal/loader"), node(3, "commit"), node(4, "commit"), node(5, "decide")],
  startTime: 1_000,
  endTime: 2_000,
  samples: [2, 2, 3, 1, 5, 4],
  timeDeltas: [100, 200, 150, 50, 100, 100],
};

describe("between", () => {
  it("keeps the samples of a time, with their hits", () => {
    const part = between(PROFILE, 1_350, 1_650);

    expect([part.samples, part.timeDeltas, part.startTime, part.endTime]).toEqual([[3, 1, 5], [100, 50, 100], 1_350, 1_650]);
    expect(part.nodes.map(({ hitCount }) => hitCount)).toEqual([1, 0, 1, 0, 1]);
  });
});

describe("selfTimes", () => {
  it("adds up what one function took wherever it was called, without idle time, the longest first", () => {
    expect(selfTimes(PROFILE)).toEqual([
      { name: "load", place: "node:internal/loader:10", microseconds: 300 },
      { name: "commit", place: "wfe/dist/host.js:10", microseconds: 250 },
      { name: "decide", place: "wfe/dist/host.js:10", microseconds: 100 },
    ]);
  });
});
