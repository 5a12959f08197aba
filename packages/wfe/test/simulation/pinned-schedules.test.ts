import { expect, it } from "vitest";
import { failureReport, simulate } from "../../src/test-support/index.ts";
import { programList } from "./program-list.ts";

/**
 * Schedules that have failed once. What they came upon is rare, and any change of the engine may lead them elsewhere: what they have found has tests of
 * its own, of the engine or of the ledgers.
 */
const pinned = [
  {
    program: "saga",
    seed: 501_809,
    what: "the turn of a pass is over while the store is asked what its saga has to undo",
  },
  {
    program: "retries",
    seed: 506_480,
    what: "a start without room creates an instance whose lease its own host has just taken over from one that was lost",
  },
  {
    program: "poison",
    seed: 502_241,
    what: "so does a start where the lease was taken, and a hint has come before the instance",
  },
  {
    program: "deploy",
    seed: 505_930,
    what: "a body ends when its lease has ended unseen, and a repeated start has been given another one and has given it back",
  },
  {
    program: "polls",
    seed: 504_057,
    what: "the ack of a host's own hint is still on its way when a later one is answered, and its pass has ended",
  },
  {
    program: "branches",
    seed: 503_753,
    what: "a host hears a result while it stops, and does not reach the store when its time is over",
  },
  {
    program: "random",
    seed: 1_302_160,
    what: "a body ends when a commit on its way has cancelled it with its instance, which is retried then",
  },
  {
    program: "poison",
    seed: 1_401_116,
    what: "a step is given up at the moment at which its instance is suspended, and runs again when that is resumed",
  },
  {
    program: "random",
    seed: 1_600_601,
    what: "an operator is asked several times at once to resume what has failed while a command had suspended it",
  },
] as const;

it.each(pinned)("$program $seed: $what", async ({ program, seed }) => {
  const result = await simulate((programList[program] as (typeof programList)[string])(seed), { seed });

  if (result.violations.length > 0) expect.fail(failureReport(result, {}));
});
