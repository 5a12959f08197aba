import { setImmediate as pause } from "node:timers/promises";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { EventRow, NewWorkflow, Provider } from "wfe-core";
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

const NOW = new Date(Date.UTC(2026, 0, 1));

function event(id: string): EventRow {
  return { id, name: "paid", key: "1", time: NOW };
}

function instance(id: string): NewWorkflow {
  return { id, name: id, definitionId: "sample", version: 1, fingerprint: "f", data: "{}", inputDigest: "d", createdAt: NOW, pointers: [] };
}

const NAMES = ["a", "b", "c"];

function model(alternatives: (before: State, after: State) => readonly State[]): Model<State, TwoValues> {
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
  return { operation, look, initial: () => ({ values: ["", ""] }), keyOf: (state) => JSON.stringify(state), alternatives, createStore };
}

it("finds what no order of calls at one moment gives", async () => {
  const failure = await runModel(
    model(() => []),
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
  addInstance(before, instance("earlier"));
  addEvent(before, event("earlier"), NOW);
  const after = structuredClone(before);
  addInstance(after, instance("new"));
  addEvent(after, event("first"), NOW);
  addEvent(after, event("second"), NOW);

  const alternatives = persistenceModel(persistenceInMemory()).alternatives?.(before, after);

  const births = alternatives?.map(({ instances }) => [...instances].map(([id, { bornAt }]) => [id, bornAt]));
  expect(births).toEqual(
    [1, 2, 3].map((arrival) => [
      ["earlier", 0],
      ["new", arrival],
    ]),
  );
});
