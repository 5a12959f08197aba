import { expect, it } from "vitest";
import { failureReport, simulate } from "../../src/test-support/index.ts";
import { random } from "./program-list.ts";

const SEEDS = 900;
const IN_ONE = 100;

it.each(Array.from({ length: SEEDS / IN_ONE }, (_, part) => ({ from: part * IN_ONE + 1, to: (part + 1) * IN_ONE })))(
  "random workflows leave what the semantics allow, whatever happens to their hosts: seeds $from to $to",
  { timeout: 120_000 },
  async ({ from, to }) => {
    for (let seed = from; seed <= to; seed += 1) {
      const result = await simulate(random(seed), { seed });

      if (result.violations.length > 0) expect.fail(failureReport(result, {}));
    }
  },
);
