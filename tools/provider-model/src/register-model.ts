import { expect, it } from "vitest";
import type { Provider } from "wfe-core";
import { type Model, runModel } from "./model-run.ts";

/**
 * Registers the test that a provider does what its model says. `WFE_MODEL_RUNS` makes other than the given number of runs; `WFE_MODEL_SEED` and
 * `WFE_MODEL_PATH`, which a failure tells, make one again.
 *
 * @param runs - Runs of the test command.
 */
export function registerModel<TState, TProvider extends Provider, TOptions = never>(
  name: string,
  model: Model<TState, TProvider, TOptions>,
  { runs }: { readonly runs: number },
): void {
  const { WFE_MODEL_RUNS: wanted, WFE_MODEL_SEED: seed, WFE_MODEL_PATH: path } = process.env;
  const count = wanted === undefined ? runs : Number(wanted);
  it(`does what the model says, in ${count} random runs through two instances: ${name}`, { timeout: 60_000 + count * 1000 }, async () => {
    const failure = await runModel(model, {
      runs: count,
      ...(seed === undefined ? {} : { seed: Number(seed) }),
      ...(path === undefined ? {} : { path }),
    });

    if (failure !== undefined)
      expect.fail(
        `${failure.trace}\n\nmake it again with WFE_MODEL_SEED=${failure.seed} WFE_MODEL_PATH=${failure.path} and -t ${JSON.stringify(name)}`,
      );
  });
}
