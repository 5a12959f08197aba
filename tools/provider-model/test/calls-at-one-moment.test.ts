import { setImmediate as pause } from "node:timers/promises";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Provider } from "wfe-core";
import { instant, sampleEvent, sampleWorkflow } from "wfe-core/test-support";
import { type Model, persistenceModel, runModel } from "wfe-provider-model";
import { type Call, compared } from "../src/call.ts";
import { addEvent, addInstance, emptyState } from "../src/persistence-state.ts";
import { persistenceInMemory } from "./in-memory-targets.ts";

/** Sets two values to one name; of calls at one moment the last is kept in one of them, and the first in the other. */
class TwoValues implements Provider {
  #names: string[] = [];
  #left = "";
  #right = "";

  async start(): Promise<void> {}
  async stop(): Promise<void> {}

  async set(name: string): Promise<void> {
    if (this.#names.push(name) > 1) return;
    await pause(); // the others of this moment
    [this.#left, this.#right] = [this.#names.at(-1) as string, name]; // at least this one
    this.#names = [];
  }

  read(): readonly string[] {
    return [this.#left, this.#right];
  }
}

interface State {
  values: readonly [left: string, right: string];
}

const NAMES = ["a", "b", "c"];

function model(possible: (before: State, after: State) => readonly State[]): Model<State, TwoValues> {
  const look: Call<State, TwoValues> = {
    text: "look",
    run: async (provider) => provider.read(),
    judge: ({ values }, outcome) => compared(outcome, { answer: values }),
  };
  const operation = fc.constantFrom(...NAMES).map((name) => ({
    kind: "set",
    plan: (): Call<State, TwoValues> => ({
      text: `set(${name})`,
      run: (provider) => provider.set(name),
      judge: (state, outcome) => {
        state.values = [name, name];
        return compared(outcome, { answer: undefined });
      },
    }),
  }));
  const createStore: Model<State, TwoValues>["createStore"] = async () => {
    const values = new TwoValues();
    return { open: async () => values, elapse: async () => {}, dispose: async () => {} };
  };
  return { operation, look, initial: () => ({ values: ["", ""] }), keyOf: (state) => JSON.stringify(state), possible, createStore };
}

it("finds what no order of calls at one moment gives", async () => {
  const failure = await runModel(
    model((_before, after) => [after]),
    { runs: 100 },
  );

  expect(failure?.trace).toContain("at one moment");
});

it("lets pass what nobody promises of calls at one moment", async () => {
  const anyIsRight = (_before: State, { values: [left] }: State): readonly State[] => NAMES.map((right) => ({ values: [left, right] }));

  expect(await runModel(model(anyIsRight), { runs: 100 })).toBeUndefined();
});

it("takes an instance and the events of its moment in any order, and no others", () => {
  const before = emptyState();
  addInstance(before, sampleWorkflow("earlier"));
  addEvent(before, sampleEvent("earlier"), instant());
  const after = structuredClone(before);
  addInstance(after, sampleWorkflow("new"));
  addEvent(after, sampleEvent("first"), instant());
  addEvent(after, sampleEvent("second"), instant());

  const states = persistenceModel(persistenceInMemory()).possible?.(before, after);

  const births = states?.map(({ instances }) => [...instances].map(([id, { bornAt }]) => [id, bornAt]));
  expect(births).toEqual(
    [1, 2, 3].map((arrival) => [
      ["earlier", 0],
      ["new", arrival],
    ]),
  );
});
