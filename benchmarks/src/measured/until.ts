import { setTimeout as sleep } from "node:timers/promises";

/** Asks again and again until the answer is yes. @param pauseMs - Between two questions; what a measurement may be too long by. */
export async function until(ask: () => Promise<boolean>, pauseMs: number): Promise<void> {
  while (!(await ask())) await sleep(pauseMs);
}
