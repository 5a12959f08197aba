import { describe, expect, it } from "vitest";
import type { Provider } from "wfe-core";
import { lockModel, type Model, persistenceModel, queueModel, runModel } from "wfe-provider-model";
import { LOCK_FAULTS, PERSISTENCE_FAULTS, QUEUE_FAULTS } from "./faults.ts";
import { type Fault, locksInMemory, persistenceInMemory, queuesInMemory } from "./in-memory-targets.ts";

// Always the same runs: whether a fault is found is not to depend on chance. Many more than it takes.
const RUNS = { runs: 3000, seed: 1, shortens: false };

function catches<TState, TProvider extends Provider, TOptions>(
  what: string,
  faults: Readonly<Record<string, Fault<TProvider>>>,
  model: (fault: Fault<TProvider>) => Model<TState, TProvider, TOptions>,
): void {
  describe(what, () => {
    for (const [name, fault] of Object.entries(faults)) {
      it(`catches one that ${name}`, { timeout: 120_000 }, async () => {
        expect(await runModel(model(fault), RUNS)).toBeDefined();
      });
    }
  });
}

catches("the model of persistence", PERSISTENCE_FAULTS, (fault) => persistenceModel(persistenceInMemory(fault)));
catches("the model of locks", LOCK_FAULTS, (fault) => lockModel(locksInMemory(fault)));
catches("the model of queues", QUEUE_FAULTS, (fault) => queueModel(queuesInMemory(fault)));

describe("a failed run", () => {
  it("is made again, as short as it was, by its seed and path", async () => {
    const model = queueModel(queuesInMemory(QUEUE_FAULTS["does not delay"]));
    const failure = await runModel(model, { runs: 300 });

    const again = await runModel(model, { runs: 300, ...failure });

    expect(again).toEqual(failure);
    expect(failure?.trace).toContain("queueWork");
  });
});
