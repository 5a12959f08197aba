import { expect, it } from "vitest";
import { ACTIVITY_EVENT } from "wfe-core";
import { instant, sampleChange, sampleEvent, sampleSubscription, sampleWorkflow } from "wfe-core/test-support";
import { PostgresPersistenceProvider } from "../src/postgres-persistence-provider.ts";
import { ownServer } from "./own-server.ts";

const own = ownServer();

it("delivers without waiting for the log to be safe, which an event, a commit and the outcome of an activity wait for", async () => {
  const options = { connectionString: own.server.url, schema: own.newSchema(), notifications: false };
  const persistence = await own.started(new PostgresPersistenceProvider(options));
  await persistence.createNewWorkflow(sampleWorkflow("w"), instant());
  const change = { openSubscriptions: [sampleSubscription("s")] };
  await persistence.persistWorkflow(sampleChange("w", "c1", change, { revision: 0, controlSeq: 0, inboxSeq: 0 }), instant());
  await persistence.createEvent(sampleEvent("e"), instant());
  await persistence.createEvent(sampleEvent("outcome", { name: ACTIVITY_EVENT }), instant());

  // Who waits for the log waits for a replica that never comes.
  await own.ask("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
  await own.ask("SELECT pg_reload_conf()");
  const waiting = async (): Promise<number> => (await own.ask("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'")).length;
  let stored = 0;
  let other = Promise.resolve();
  let isSafe = true;
  // The server reads its settings some time later: what is stored before is safe at once, and another event has to show it.
  const oneWaits = async (): Promise<number> => {
    if (isSafe) {
      isSafe = false;
      stored += 1;
      other = persistence.createEvent(sampleEvent(`other ${stored}`, { key: "2" }), instant()).then(() => {
        isSafe = true;
      });
    }
    return await waiting();
  };
  await expect.poll(oneWaits).toBe(1);

  expect(await persistence.deliverEvents([{ name: "paid", key: "1" }], instant())).toEqual(["w"]);
  let isAccepted = false;
  const outcome = persistence.deliverEvents([{ name: ACTIVITY_EVENT, key: "1" }], instant()).then(() => {
    isAccepted = true;
  });
  await expect.poll(waiting).toBe(2);
  expect([isSafe, isAccepted]).toEqual([false, false]);
  await own.ask("ALTER SYSTEM RESET synchronous_standby_names");
  await own.ask("SELECT pg_reload_conf()");
  await Promise.all([other, outcome]);
});
