import { WorkerProcess } from "../src/worker-process.ts";

/** A process on a SQLite file that starts its share of workflows when it is told to. Resolves when its host has started. */
export async function startWorker(path: string, journal: string, share: number): Promise<WorkerProcess> {
  const worker = WorkerProcess.fork(new URL("worker.ts", import.meta.url), [path, journal, String(share)]);
  await worker.heard(({ ready }) => ready === true);
  return worker;
}
