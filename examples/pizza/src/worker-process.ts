import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { WorkerMessage } from "./worker-message.ts";

/** How a worker ended. */
export type WorkerEnd = "finished" | "killed";

/**
 * Runs one worker process to its end.
 *
 * @param onProgress - Gets a function that kills the worker at once with SIGKILL.
 * @throws Error when the worker ends in any other way.
 */
export function runWorker(
  folder: string,
  orders: number,
  onProgress: (progress: { readonly stepsCommitted: number; readonly ordersDone: number }, kill: () => void) => void,
): Promise<WorkerEnd> {
  // From dist as it is; from the sources (tests) through tsx, and with the sources of the packages.
  const fromSources = import.meta.url.endsWith(".ts");
  const worker = fork(fileURLToPath(new URL(fromSources ? "./worker.ts" : "./worker.js", import.meta.url)), [folder, String(orders)], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    execArgv: fromSources ? ["--import", "tsx", "--conditions=wfe-source"] : [],
  });
  // However this process ends, it leaves no worker behind.
  const kill = (): void => void worker.kill("SIGKILL");
  process.once("exit", kill);

  return new Promise((resolve, reject) => {
    let finished = false;
    worker.on("message", (message) => {
      const said = message as WorkerMessage; // our own worker
      if (said.type === "finished") finished = true;
      else onProgress(said, kill);
    });
    worker.once("error", reject);
    worker.once("exit", (code, signal) => {
      process.off("exit", kill);
      if (signal === "SIGKILL") resolve("killed");
      else if (code === 0 && finished) resolve("finished");
      else reject(new Error(`the worker ended by itself: ${signal ?? `exit code ${code}`}`));
    });
  });
}
