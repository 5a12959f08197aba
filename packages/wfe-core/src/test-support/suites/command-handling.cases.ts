import { assert } from "./assert.ts";
import type { ScheduledCommand } from "../../models/scheduled-command.ts";
import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import { instant } from "../fixtures.ts";
import { turnOf } from "./event-steps.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** What becomes of a command while it is handled, when its handler fails, and when it is scheduled again. */
export const COMMAND_HANDLING_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "gives a command of a commit and one that waits already the earlier of the two times",
    async run(context) {
      const [first, second] = await withW(context);
      await first.scheduleCommand(command("pulled forward", 20));
      await first.scheduleCommand(command("not put off", 10));

      await commit(second, "c1", { commands: [command("pulled forward", 10), command("not put off", 20)] });

      assert.deepEqual(await handed(first, 10), ["not put off at 10", "pulled forward at 10"]);
      assert.deepEqual(await handed(second, 99), [], "each was there once");
    },
  },
  {
    name: "keeps one of many equal commands that are scheduled at the same moment, with the earliest time",
    async run(context) {
      const providers = await context.startTwo();

      await Promise.all(Array.from({ length: 20 }, (_, turn) => turnOf(providers, turn).scheduleCommand(command("a", 10 + ((turn + 7) % 20)))));

      assert.deepEqual(await handed(providers[1], 99), ["a at 10"]);
    },
  },
  {
    name: "hides a command while it is handled, and hands it over again when the claim has ended",
    async run(context) {
      const [first, second] = await context.startTwo();
      await first.scheduleCommand(command("a"));

      const during: number[] = [];
      await first.processCommands(instant(), { limit: 10, claimUntil: instant(100) }, async () => {
        during.push((await handed(second, 99)).length, (await handed(second, 100)).length);
      });

      assert.deepEqual(during, [0, 1]);
      assert.deepEqual(await handed(first, 9999), [], "it is handled");
    },
  },
  {
    name: "removes nothing at the late end of a handling whose command another one has by then",
    async run(context) {
      const [first, second] = await context.startTwo();
      await first.scheduleCommand(command("a"));

      const late = handler();
      const lateCount = first.processCommands(instant(), { limit: 10, claimUntil: instant(100) }, late.handle);
      await late.begun;
      const failing = handler();
      const failingCount = second.processCommands(instant(100), { limit: 10, claimUntil: instant(200) }, failing.handle);
      await failing.begun;
      late.resolve();
      await lateCount;
      failing.reject(new Error("not handled"));

      assert.equal(await failingCount, 0);
      assert.equal((await handed(first, 200)).length, 1, "it was not handled by the one that had it");
    },
  },
  {
    name: "hands a command over again for as long as its handler rejects, each time when the claim has ended",
    async run(context) {
      const providers = await context.startTwo();
      await providers[0].scheduleCommand(command("a"));

      for (let turn = 0; turn < 4; turn += 1) {
        const options = { limit: 10, claimUntil: instant(100 * (turn + 1)) };
        let calls = 0;
        const count = await turnOf(providers, turn).processCommands(instant(100 * turn), options, async () => {
          calls += 1;
          throw new Error("not handled");
        });
        assert.deepEqual([count, calls], [0, 1]);
        assert.deepEqual(await handed(providers[1], 100 * (turn + 1) - 1), [], "the claim has not ended");
      }

      assert.equal((await handed(providers[1], 400)).length, 1);
      assert.deepEqual(await handed(providers[0], 9999), []);
    },
  },
  {
    name: "keeps a command that is scheduled again while it is handled for the earliest of the new times",
    async run(context) {
      const [first, second] = await context.startTwo();
      await first.scheduleCommand(command("a"));

      await first.processCommands(instant(), { limit: 10, claimUntil: instant(10) }, async () => {
        await second.scheduleCommand(command("a", 70));
        await first.scheduleCommand(command("a", 50));
        await second.scheduleCommand(command("a", 60));
      });

      assert.deepEqual(await handed(second, 49), []);
      assert.deepEqual(await handed(second, 50), ["a at 50"]);
      assert.deepEqual(await handed(first, 9999), [], "it is handed over once more, not more often");
    },
  },
  {
    name: "does not lose a command that is scheduled again while its handler fails",
    async run(context) {
      const [first, second] = await context.startTwo();
      await first.scheduleCommand(command("a"));

      await first.processCommands(instant(), { limit: 10, claimUntil: instant(10) }, async () => {
        await second.scheduleCommand(command("a", 5));
        throw new Error("not handled");
      });

      assert.equal((await handed(second, 10)).length, 1);
    },
  },
  {
    name: "takes a command again that was handled before",
    async run(context) {
      const [first, second] = await context.startTwo();
      await first.scheduleCommand(command("a", 5));
      await handed(first, 5);

      await second.scheduleCommand(command("a", 20));

      assert.deepEqual(await handed(first, 19), []);
      assert.deepEqual(await handed(first, 20), ["a at 20"]);
    },
  },
  {
    name: "hides a command while it is handled, though it is scheduled again for an earlier time",
    async run(context) {
      const [first, second] = await context.startTwo();
      await first.scheduleCommand(command("a", 10));

      const during: (readonly string[])[] = [];
      await first.processCommands(instant(10), { limit: 10, claimUntil: instant(100) }, async () => {
        for (const ms of [20, 5]) await second.scheduleCommand(command("a", ms));
        during.push(await handed(second, 50));
      });

      assert.deepEqual(during, [[]], "one caller has it");
      assert.deepEqual(await handed(second, 50), ["a at 5"], "it is handed over once more");
    },
  },
  {
    name: "does not touch the claim of another one at the late end of a handling, though the command is scheduled again",
    async run(context) {
      const [first, second] = await context.startTwo();
      await first.scheduleCommand(command("a"));
      const [late, current] = [handler(), handler()];
      const lateCount = first.processCommands(instant(), { limit: 10, claimUntil: instant(100) }, late.handle);
      await late.begun;
      const currentCount = second.processCommands(instant(100), { limit: 10, claimUntil: instant(200) }, current.handle);
      await current.begun;
      await first.scheduleCommand(command("a", 110));

      late.resolve();
      await lateCount;
      assert.deepEqual(await handed(first, 199), [], "the other one has it still");
      current.resolve();
      await currentCount;

      assert.deepEqual(await handed(first, 199), ["a at 110"]);
    },
  },
];

function command(data: string, ms = 0): ScheduledCommand {
  return { name: "terminateWorkflow", data, executeAt: instant(ms) };
}

/** Handles what is due so many milliseconds after the first instant; what that was, sorted. */
async function handed(provider: PersistenceProvider, ms: number): Promise<readonly string[]> {
  const texts: string[] = [];
  await provider.processCommands(instant(ms), { limit: 100, claimUntil: instant(ms + 1000) }, async ({ data, executeAt }) => {
    texts.push(`${data} at ${executeAt.getTime() - instant().getTime()}`);
  });
  return texts.toSorted();
}

/** A handler that says when it has begun, and ends as it is told to. */
function handler(): {
  readonly handle: () => Promise<void>;
  readonly begun: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
} {
  let resolve: () => void = () => {};
  let reject: (error: Error) => void = () => {};
  const end = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  let begin: () => void = () => {};
  const begun = new Promise<void>((onBegun) => {
    begin = onBegun;
  });
  const handle = (): Promise<void> => {
    begin();
    return end;
  };
  return { handle, begun, resolve, reject };
}
