import type { Clock, Timer } from "../traits/clock.ts";

/**
 * Waits for work, but no longer than this time; the work goes on.
 *
 * @returns Whether it has ended in time.
 * @throws what the work rejects with in time; later it is nobody's.
 */
export async function endsWithin(work: Promise<unknown>, clock: Clock, timeoutMs: number): Promise<boolean> {
  let timer: Timer | undefined;
  const late = new Promise<false>((resolve) => {
    timer = clock.setTimer(timeoutMs, () => resolve(false));
  });
  try {
    return await Promise.race([late, work.then(() => true)]);
  } finally {
    timer?.cancel();
  }
}
