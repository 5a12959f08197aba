import { expect, it } from "vitest";
import { openPostgres, PostgresQueueProvider } from "wfe-postgres";
import { testSchema } from "wfe-test-services/vitest";
import { VirtualClock } from "../src/test-support/index.ts";
import { TrackedPool } from "./tracked-pool.ts";

const server = testSchema("tracked");

it("comes to rest when what another has queued has come to who is notified of it", async () => {
  const pool = new TrackedPool(server.url);
  const clock = new VirtualClock();
  pool.useClock(clock);
  const [waiting, queueing] = [0, 1].map(
    () => new PostgresQueueProvider(openPostgres({ pool, schema: server.schema, clock, pollInterval: "1h" })),
  ) as [PostgresQueueProvider, PostgresQueueProvider];
  await Promise.all([waiting.start(), queueing.start()]);
  const ids = Array.from({ length: 100 }, (_, at) => `w-${at}`);
  const seen: string[] = [];

  for (const id of ids) {
    let came = "nothing";
    const wait = waiting.dequeueWork("workflow", { limit: 1, wait: "30m" }).then(async ([item]) => {
      came = item?.id ?? "an end";
      await item?.ack();
    });
    await clock.settle();
    await queueing.queueWork(id, "workflow");
    await clock.settle();
    seen.push(came);
    if (came === "nothing") await clock.advance("1h");
    await wait;
  }

  expect(seen).toEqual(ids);
  await Promise.all([waiting.stop(), queueing.stop()]);
  await pool.end();
});
