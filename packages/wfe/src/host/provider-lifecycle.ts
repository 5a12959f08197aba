import { type Clock, endsWithin, type Provider } from "wfe-core";

/**
 * Starts providers one after the other; all or none.
 *
 * @param notStopped - Hears of a provider that could not be stopped again after the failure of another.
 * @throws what the first provider throws that cannot be started.
 */
export async function startAll(providers: readonly Provider[], notStopped: (error: unknown) => void): Promise<void> {
  const started: Provider[] = [];
  try {
    for (const provider of providers) {
      await provider.start();
      started.unshift(provider);
    }
  } catch (error) {
    await stopAll(started).catch(notStopped);
    throw error;
  }
}

/** Stops providers one after the other; each, whatever becomes of the others. @throws the first error */
export async function stopAll(providers: readonly Provider[]): Promise<void> {
  const failures: unknown[] = [];
  for (const provider of providers) await provider.stop().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

/** Stops a provider on which nothing depends: one that hangs is left behind after this time. Never rejects. */
export async function stopWithin(provider: Provider, clock: Clock, timeoutMs: number, warn: (error: unknown) => void): Promise<void> {
  // Within a promise, so that one that throws at once is bounded too.
  const stopped = Promise.resolve()
    .then(() => provider.stop())
    .catch(warn);
  await endsWithin(stopped, clock, timeoutMs);
}
