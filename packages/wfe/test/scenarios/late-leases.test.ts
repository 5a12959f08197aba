import { expect, it } from "vitest";
import { type Clock, LockError, type Providers, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { replacing } from "../replacing.ts";
import { registers, scenarios } from "./scenario.ts";

interface Data {
  n: number;
}

const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));

function counting(): { readonly definition: WorkflowDefinition<Data>; readonly attempts: number[] } {
  const attempts: number[] = [];
  const definition = new WorkflowBuilder<Data>()
    .thenFn("a", (ctx) => {
      attempts.push(ctx.attempt);
      return ctx.data.n + 1;
    })
    .saveAs("n")
    .build("w", 1);
  return { definition, attempts };
}

/** Locks whose first request is so long on its way. */
function slow({ locks }: Providers, clock: Clock, ms: number): Providers["locks"] {
  let isFirst = true;
  return replacing(locks, {
    acquireLock: async (resource, options) => {
      if (isFirst) {
        isFirst = false;
        await pause(clock, ms);
      }
      return locks.acquireLock(resource, options);
    },
  });
}

scenarios(
  "an instance whose creator gets the lease late",
  (open) => {
    it.each([2_000, 6_000])("runs its first step once when another host is pointed at it meanwhile: after %i ms", async (ms) => {
      const { definition, attempts } = counting();
      const { host: newHost, build, store, clock } = await open();
      const providers = store.open();
      const creator = build(registers(definition), { lockTtl: "10s" }, { ...providers, locks: slow(providers, clock, ms) });
      await creator.start();
      const other = await newHost(registers(definition), { lockTtl: "10s" });

      const starting = creator.startWorkflow(definition, { n: 0 }, { id: "one" });
      await clock.advance("100ms");
      await other.suspendWorkflow("one");
      await other.resumeWorkflow("one");
      await clock.advance("20s");
      await starting;

      expect(attempts).toEqual([1]);
      expect(await other.getWorkflow("one")).toMatchObject({ status: "complete", data: { n: 1 } });
    });

    it("is run by another host when the time of that lease is over", async () => {
      const { definition, attempts } = counting();
      const { host: newHost, build, store, clock } = await open();
      const providers = store.open();
      const lost = build(registers(definition), { lockTtl: "10s" }, { ...providers, locks: slow(providers, clock, 20_000) });
      await lost.start();
      const other = await newHost(registers(definition), { lockTtl: "10s" });

      void lost.startWorkflow(definition, { n: 0 }, { id: "one" });
      await clock.advance("100ms");
      await other.suspendWorkflow("one");
      await other.resumeWorkflow("one");
      await clock.advance("5s");
      expect(attempts).toEqual([]);
      await clock.advance("10s");
      expect(attempts).toEqual([2]);
      await clock.advance("10s");

      expect(attempts).toEqual([2]);
      expect(await other.getWorkflow("one")).toMatchObject({ status: "complete" });
    });

    it("is tried again here, and soon, when the lease could not be had", async () => {
      const { definition, attempts } = counting();
      const { build, store, clock } = await open();
      const providers = store.open();
      let failures = 3;
      const acquireLock: Providers["locks"]["acquireLock"] = async (resource, options) => {
        if (failures-- > 0) throw new LockError("the locks are away", { retryable: true });
        return providers.locks.acquireLock(resource, options);
      };
      const creator = build(registers(definition), {}, { ...providers, locks: replacing(providers.locks, { acquireLock }) });
      await creator.start();

      await creator.startWorkflow(definition, { n: 0 }, { id: "one" });
      await clock.advance("1s");

      expect(attempts).toEqual([1]);
      expect(await creator.getWorkflow("one")).toMatchObject({ status: "complete", data: { n: 1 } });
    });
  },
  { sweeping: true },
);
