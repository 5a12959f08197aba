import { describe, expect, it } from "vitest";
import { PersistenceError } from "../../src/errors/store-errors.ts";
import { LeaseAttempts } from "../../src/executor/lease-attempts.ts";
import { InMemoryLockProvider, InMemoryLockStore } from "../../src/test-support/in-memory/in-memory-lock-provider.ts";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";
import type { Lease } from "../../src/traits/lock-provider.ts";

const away = new PersistenceError("WFE_STORE_UNREACHABLE", "away", { retryable: true });

/** An operation under a lease of 5 s, how often it was tried, and what became of it. */
async function setting(operation: () => Promise<{ readonly answer: number }>) {
  const clock = new VirtualClock();
  const locks = new InMemoryLockProvider({ store: new InMemoryLockStore(clock), clock });
  await locks.start();
  const lease = (await locks.acquireLock("w", { ttl: "5s" })) as Lease; // nobody else asks
  const warnings: string[] = [];
  const state: { stops: boolean; tries: number[]; result?: unknown; error?: unknown } = { stops: false, tries: [] };
  const began = clock.monotonic();
  const attempts = new LeaseAttempts({ clock, warn: (message) => void warnings.push(message) }, lease, () => state.stops);
  lease.signal.addEventListener("abort", () => attempts.end(), { once: true });
  const run = (): void => {
    void attempts
      .untilEnd(
        "a commit",
        () => {
          state.tries.push(clock.monotonic() - began);
          return operation();
        },
        (answer) => answer,
      )
      .then(
        (result) => {
          state.result = [result];
        },
        (error: unknown) => {
          state.error = error;
        },
      );
  };
  return { clock, lease, attempts, warnings, state, run };
}

describe("an operation on the store", () => {
  it("gives its answer", async () => {
    const { clock, state, run, warnings } = await setting(() => Promise.resolve({ answer: 1 }));

    run();
    await clock.settle();

    expect([state.result, warnings, clock.pendingTimers]).toEqual([[{ answer: 1 }], [], 1]);
  });

  it("is tried again, less and less often, until there is an answer", async () => {
    let tries = 0;
    const { clock, state, run, warnings } = await setting(() => {
      tries += 1;
      return tries < 4 ? Promise.reject(away) : Promise.resolve({ answer: tries });
    });

    run();
    await clock.advance("1s");

    expect([state.result, state.tries]).toEqual([[{ answer: 4 }], [0, 20, 60, 140]]);
    expect(warnings).toEqual([20, 40, 80].map((ms) => `a commit is tried again in ${ms} ms`));
  });

  it("is given up at the instant the lease ends, and tried each second at the most", async () => {
    const { clock, state, run } = await setting(() => Promise.reject(away));

    run();
    await clock.advance(4_999);
    expect(state.result).toBeUndefined();
    await clock.advance(1);

    expect([state.result, state.tries]).toEqual([[undefined], [0, 20, 60, 140, 300, 620, 1_260, 2_260, 3_260, 4_260]]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("leads to nothing when its answer comes after the end of the lease", async () => {
    let answer = (): void => {};
    const { clock, state, run } = await setting(() => new Promise((resolve) => (answer = () => resolve({ answer: 1 }))));

    run();
    await clock.advance("5s");
    answer();
    await clock.settle();

    expect([state.result, state.tries]).toEqual([[undefined], [0]]);
  });

  it("is not tried again when it fails after the lease has ended", async () => {
    let fail = (): void => {};
    const { clock, lease, state, run, warnings } = await setting(() => new Promise((_, reject) => (fail = () => reject(away))));
    run();
    await clock.settle();

    await lease.release();
    fail();
    await clock.advance("1s");

    expect([state.result, state.tries, warnings]).toEqual([[undefined], [0], []]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("is not tried at all once the lease has ended", async () => {
    const { clock, lease, state, run } = await setting(() => Promise.resolve({ answer: 1 }));
    await lease.release();

    run();
    await clock.settle();

    expect([state.result, state.tries]).toEqual([[undefined], []]);
  });

  it.each([
    ["that would fail again", new PersistenceError("WFE_STORE_CORRUPT", "the file is no database")],
    ["of something else", new TypeError("a fault of the provider")],
  ])("is not tried again after an error %s", async (_, error) => {
    const { clock, state, run, warnings } = await setting(() => Promise.reject(error));

    run();
    await clock.advance("1s");

    expect([state.error, state.tries, warnings]).toEqual([error, [0], []]);
  });

  it("is tried no more when the host stops", async () => {
    const { clock, state, run, warnings } = await setting(() => Promise.reject(away));
    run();
    await clock.settle();

    state.stops = true;
    await clock.advance(20);

    expect([state.result, state.tries]).toEqual([[undefined], [0, 20]]);
    expect(warnings).toEqual(["a commit is tried again in 20 ms", "a commit has failed, and the host stops"]);
  });
});

describe("what becomes of an operation", () => {
  const never = (): Promise<{ readonly answer: number }> => new Promise(() => {});
  const conflict = new PersistenceError("WFE_STORE_CORRUPT", "never again");

  it("is what becomes of its answer, or of an error where trying again is useless", async () => {
    const { attempts } = await setting(never);
    const heard = (answer: number): string => `heard ${answer}`;
    const refused = (error: unknown): string => `refused: ${String((error as Error).message)}`;

    expect(await attempts.untilEnd("a commit", () => Promise.resolve(1), heard, refused)).toBe("heard 1");
    expect(await attempts.untilEnd("a commit", () => Promise.reject(conflict), heard, refused)).toBe("refused: never again");
  });

  it("is the same for a store that throws at once", async () => {
    const { clock, attempts, warnings } = await setting(never);
    let tries = 0;
    const throwing = (): Promise<number> => {
      tries += 1;
      if (tries === 2) return Promise.resolve(tries);
      throw away;
    };
    const got: unknown[] = [];
    void attempts.untilEnd("a commit", throwing, (answer) => got.push(answer));

    await clock.advance("1s");

    expect([got, warnings]).toEqual([[2], ["a commit is tried again in 20 ms"]]);
  });
});

describe("a part of a pass", () => {
  const never = (): Promise<{ readonly answer: number }> => new Promise(() => {});

  it("gives what comes of it, also that it fails", async () => {
    const { attempts } = await setting(never);

    expect(await attempts.orEnd(Promise.resolve(1), () => 2)).toBe(1);
    await expect(attempts.orEnd(Promise.reject(away), () => 2)).rejects.toBe(away);
  });

  it("that hangs is left at the instant the lease ends", async () => {
    const { clock, attempts } = await setting(never);
    const ends: number[] = [];
    void attempts.orEnd(new Promise<number>(() => {}), () => 2).then((end) => ends.push(end));

    await clock.advance(4_999);
    expect(ends).toEqual([]);
    await clock.advance(1);

    expect(ends).toEqual([2]);
    expect(await attempts.orEnd(Promise.resolve(1), () => 2)).toBe(2);
  });
});
