import { PgBoss } from "pg-boss";
import { countdown } from "../countdown.ts";
import { type MeasuredEngine, needed, type Place } from "../measured-engine.ts";
import { CHAIN_STEPS } from "../work.ts";

/** A step of a chain: a job that says how many follow. */
interface StepJob {
  readonly left: number;
}

const QUEUE = "steps";
const SINGLES = "singles";
const BATCH = 500;
const WORKERS = 4;
const POOL_SIZE = 20;
const DAY_SECONDS = 24 * 60 * 60;

/**
 * pg-boss is a queue: a workflow is a chain of jobs, each of which inserts its successor. Jobs are fetched, inserted and completed in batches, a worker
 * that got a full batch asks again at once, and `NOTIFY` wakes it otherwise: its fastest documented settings. A successor is not inserted in the
 * transaction that completes the job, so that a crash between the two runs it twice; a transaction for both would cost more.
 */
export async function startPgBoss(place: Place): Promise<MeasuredEngine> {
  const boss = new PgBoss({ connectionString: needed(place, "postgresUrl"), max: POOL_SIZE, useListenNotify: true, schedule: false });
  boss.on("error", (error) => console.error(error));
  await boss.start();
  let finished = (): void => {};
  const work = { batchSize: BATCH, localConcurrency: WORKERS, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 } as const;
  for (const queue of [QUEUE, SINGLES]) await boss.createQueue(queue, { notify: true });
  await boss.work<StepJob, unknown, typeof work>(QUEUE, work, async (jobs) => {
    const next = jobs.filter(({ data }) => data.left > 0).map(({ data }) => ({ data: { left: data.left - 1 } }));
    if (next.length > 0) await boss.insert(QUEUE, next);
    for (let ended = next.length; ended < jobs.length; ended += 1) finished();
  });
  await boss.work<StepJob, unknown, { readonly batchSize: 1; readonly pollingIntervalSeconds: 0.5 }>(
    SINGLES,
    { batchSize: 1, pollingIntervalSeconds: 0.5 },
    async () => finished(),
  );

  return {
    chains: async (workflows) => {
      const { done, tell } = countdown(workflows);
      finished = tell;
      for (let from = 0; from < workflows; from += BATCH) {
        await boss.insert(
          QUEUE,
          Array.from({ length: Math.min(BATCH, workflows - from) }, () => ({ data: { left: CHAIN_STEPS - 1 } })),
        );
      }
      await done;
    },
    // There is no result to wait for: the job has run, which is a little before it is complete.
    single: async () => {
      const { done, tell } = countdown(1);
      finished = tell;
      await boss.send(SINGLES, { left: 0 });
      await done;
    },
    sleepers: async (count) => {
      for (let from = 0; from < count; from += BATCH) {
        const jobs = Array.from({ length: Math.min(BATCH, count - from) }, () => ({ data: { left: 0 }, startAfter: DAY_SECONDS }));
        await boss.insert(SINGLES, jobs);
      }
    },
    stop: () => boss.stop({ graceful: true }),
  };
}
