import { assert } from "./assert.ts";
import type { ScheduledCommand } from "../../models/scheduled-command.ts";
import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import { instant } from "../fixtures.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

function command(data: string, atMs = 0): ScheduledCommand {
  return { name: "terminateWorkflow", data, executeAt: instant(atMs) };
}

/** Handles what is due, and gives whom it concerned. */
async function handled(provider: PersistenceProvider, asAtMs: number, limit = 100, claimUntilMs = asAtMs + 100): Promise<readonly string[]> {
  const seen: string[] = [];
  await provider.processCommands(instant(asAtMs), { limit, claimUntil: instant(claimUntilMs) }, async ({ data }) => {
    seen.push(data);
  });
  return seen;
}

/** Commands owed to other instances. */
export const SCHEDULED_COMMAND_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "hands over commands that are due, the earliest first, once",
    async run(context) {
      const [first, second] = await withW(context);
      for (const scheduled of [command("c", 5), command("a", 3), command("b", 4), command("later", 6)]) await first.scheduleCommand(scheduled);

      assert.deepEqual(await handled(second, 5), ["a", "b", "c"]);
      assert.deepEqual(await handled(first, 5), []);
      assert.deepEqual(await handled(first, 6), ["later"]);
    },
  },
  {
    name: "hands over the command whole, no more than asked for, and says how many were handled",
    async run(context) {
      const [first, second] = await withW(context);
      for (const n of [0, 1, 2]) await first.scheduleCommand(command(`\u0000${n}`, n));
      const seen: ScheduledCommand[] = [];

      const count = await second.processCommands(instant(9), { limit: 2, claimUntil: instant(99) }, async (given) => {
        seen.push(given);
      });

      assert.equal(count, 2);
      assert.deepEqual(seen, [command("\u00000", 0), command("\u00001", 1)]);
    },
  },
  {
    name: "keeps one of a name and data, due at the earlier of the two times",
    async run(context) {
      const [first, second] = await withW(context);
      await first.scheduleCommand(command("x", 5));
      await second.scheduleCommand(command("x", 3));
      await first.scheduleCommand(command("x", 9));
      await first.scheduleCommand({ ...command("x", 9), name: "another" });

      assert.deepEqual(await handled(second, 3), ["x"]);
      assert.deepEqual(await handled(second, 9), ["x"], "the one of the other name");
    },
  },
  {
    name: "stores the commands of a commit",
    async run(context) {
      const [first, second] = await withW(context);

      await commit(first, "c1", { commands: [command("a", 1), command("b", 2)] });

      assert.deepEqual(await handled(second, 2), ["a", "b"]);
    },
  },
  {
    name: "hands each command to one of those who ask at the same moment",
    async run(context) {
      const [first, second] = await withW(context);
      const all = Array.from({ length: 40 }, (_, n) => `c${String(n).padStart(2, "0")}`);
      for (const data of all) await first.scheduleCommand(command(data));

      const taken = await Promise.all([first, second, first, second].map((provider) => handled(provider, 1, 20)));

      assert.deepEqual(taken.flat().toSorted(), all);
    },
  },
  {
    name: "keeps a command whose handler fails, and goes on with the others",
    async run(context) {
      const [first, second] = await withW(context);
      for (const data of ["a", "bad", "c"]) await first.scheduleCommand(command(data));
      const seen: string[] = [];

      const count = await first.processCommands(instant(1), { limit: 10, claimUntil: instant(50) }, async ({ data }) => {
        if (data === "bad") throw new Error("not now");
        seen.push(data);
      });

      assert.equal(count, 2);
      assert.deepEqual(seen, ["a", "c"]);
      assert.deepEqual(await handled(second, 49), [], "claimed");
      assert.deepEqual(await handled(second, 50), ["bad"], "handed over again when its claim is over");
    },
  },
  {
    name: "keeps what is scheduled again while it is being handled",
    async run(context) {
      const [first, second] = await withW(context);
      await first.scheduleCommand(command("x", 0));

      await first.processCommands(instant(1), { limit: 10, claimUntil: instant(50) }, async () => {
        await second.scheduleCommand(command("x", 7));
      });

      assert.deepEqual(await handled(second, 6), []);
      assert.deepEqual(await handled(second, 7), ["x"]);
      assert.deepEqual(await handled(second, 99), []);
    },
  },
];
