import { expect, it } from "vitest";
import { type Codec, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Tagged {
  tags: any; // a Map, which only a codec can carry: the types know nothing of it
  n: number;
}

/** Carries Maps and Sets. */
const collections: Codec = {
  encode: (value) => JSON.stringify(value, (_, x: unknown) => (x instanceof Map ? { $map: [...x] } : x instanceof Set ? { $set: [...x] } : x)),
  decode: (text) =>
    JSON.parse(text, (_, x: unknown) => {
      if (typeof x !== "object" || x === null) return x;
      if ("$map" in x) return new Map(x.$map as [unknown, unknown][]);
      return "$set" in x ? new Set(x.$set as unknown[]) : x;
    }) as unknown,
};

scenarios("data of Maps and Sets, with a codec that carries them,", (open) => {
  it("is changed by an output mapping like any other", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Tagged>()
      .thenFn("a", () => "new")
      .output((value, data) => {
        (data.tags as Map<string, Set<string>>).get("x")?.add(value);
        (data.tags as Map<string, Set<string>>).set("y", new Set([value]));
        data.n = (data.tags as Map<string, Set<string>>).size;
      })
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition), { codec: collections });

    const id = await host.startWorkflow(definition, { tags: new Map([["x", new Set(["old"])]]), n: 0 });
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({
      status: "complete",
      data: {
        tags: new Map([
          ["x", new Set(["old", "new"])],
          ["y", new Set(["new"])],
        ]),
        n: 2,
      },
    });
  });
});
