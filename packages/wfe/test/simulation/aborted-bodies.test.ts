import { expect, it } from "vitest";
import { type FaultyParts, simulate } from "../../src/test-support/index.ts";
import { replacing } from "../replacing.ts";
import { aborts } from "./programs/aborts.ts";

/** A store and a queue that tell nobody of commands. */
const silent: FaultyParts = {
  persistence: (provider) =>
    replacing(provider, {
      readSignals: async (ids) => (await provider.readSignals(ids)).map((signals) => ({ ...signals, status: "runnable", controlSeq: 0 })),
    }),
  queue: (queue) => replacing(queue, { queueWork: () => Promise.resolve() }),
};

it("a body that nobody calls off when its instance is terminated is found", { timeout: 60_000 }, async () => {
  let found: string | undefined;

  for (let seed = 1; seed <= 60 && found === undefined; seed += 1) {
    const { violations } = await simulate(aborts, { seed, faulty: silent });
    found = violations.find(({ invariant }) => invariant === "I5")?.message;
  }

  expect(found).toMatch(/^the body of (inner|outer) of .* goes on at h\d.*, and is cancelled$/);
});
