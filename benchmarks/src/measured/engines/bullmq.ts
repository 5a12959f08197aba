import { FlowProducer, type Job, Queue, QueueEvents, Worker } from "bullmq";
import { countdown } from "../countdown.ts";
import { type MeasuredEngine, needed, type Place } from "../measured-engine.ts";
import { CHAIN_STEPS } from "../work.ts";

/** Jobs of a worker at once: not unusual for jobs that wait for input and output, its author says (github.com/OptimalBits/bull/discussions/2412); faster than 50 and 100. */
const CONCURRENCY = 300;
const BULK = 1_000;
const DAY_MS = 24 * 60 * 60 * 1_000;

/** BullMQ is a queue: a workflow is a job that reports its progress after each step, and branches are the children of a flow. */
export async function startBullMq(place: Place): Promise<MeasuredEngine> {
  const connection = { url: needed(place, "redisUrl"), maxRetriesPerRequest: null };
  let finished = (): void => {};
  const queues = {
    chains: new Queue("chains", { connection }),
    singles: new Queue("singles", { connection }),
    parents: new Queue("parents", { connection }),
  };
  const flows = new FlowProducer({ connection });
  const events = { singles: new QueueEvents("singles", { connection }), parents: new QueueEvents("parents", { connection }) };
  const options = { connection, concurrency: CONCURRENCY };
  const workers = [
    new Worker(
      "chains",
      async (job: Job) => {
        for (let step = 1; step <= CHAIN_STEPS; step += 1) await job.updateProgress(step);
      },
      options,
    ),
    new Worker("singles", async () => {}, options),
    new Worker("branches", async () => {}, options),
    new Worker("parents", async () => {}, options),
  ];
  // Said when the job is complete in Redis.
  workers[0]?.on("completed", () => finished());
  await Promise.all([...workers, ...Object.values(queues), ...Object.values(events)].map((each) => each.waitUntilReady()));

  return {
    chains: async (workflows) => {
      const { done, tell } = countdown(workflows);
      finished = tell;
      for (let from = 0; from < workflows; from += BULK) {
        await queues.chains.addBulk(Array.from({ length: Math.min(BULK, workflows - from) }, () => ({ name: "chain", data: {} })));
      }
      await done;
    },
    single: async () => {
      await (await queues.singles.add("single", {})).waitUntilFinished(events.singles);
    },
    branches: async (count) => {
      const children = Array.from({ length: count }, () => ({ name: "branch", queueName: "branches", data: {} }));
      const flow = await flows.add({ name: "parent", queueName: "parents", data: {}, children });
      await flow.job.waitUntilFinished(events.parents);
    },
    sleepers: async (count) => {
      for (let from = 0; from < count; from += BULK) {
        const jobs = Array.from({ length: Math.min(BULK, count - from) }, () => ({ name: "sleeper", data: {}, opts: { delay: DAY_MS } }));
        await queues.singles.addBulk(jobs);
      }
    },
    stop: async () => {
      await Promise.all([...workers, ...Object.values(queues), ...Object.values(events), flows].map((each) => each.close()));
    },
  };
}
