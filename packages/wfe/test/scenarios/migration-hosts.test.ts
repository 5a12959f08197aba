import { expect, it } from "vitest";
import type { Clock, WorkflowDefinition } from "../../src/index.ts";
import { meeting } from "../replacing.ts";
import { build, note, start, told, type Trace } from "./migrated-workflows.ts";
import { registers, scenarios } from "./scenario.ts";

const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));

/** Waits, and says of which version it is; version 2 has another step before. */
const waits = (n: number, version = n): WorkflowDefinition<Trace> =>
  (n === 1 ? build() : build().thenFn("new", () => undefined))
    .waitFor(told, "k")
    .output((text, data) => void data.seen.push(`v${n} got ${text}`))
    .thenFn("behind", () => `behind v${n}`)
    .output(note)
    .build("w", version);

scenarios(
  "a migration among several hosts",
  (open) => {
    it("in a rolling deploy: each host leaves what the other one knows alone, before and after", async () => {
      const { host: newHost, clock, warnings } = await open();
      const old = await newHost(registers(waits(1)));
      const ids = [await old.startWorkflow("w", 1, start()), await old.startWorkflow("w", 1, start())];
      await clock.settle();
      const current = await newHost(registers(waits(2)));
      ids.push(await current.startWorkflow("w", 2, start()));
      const [moved, stays, fresh] = ids as [string, string, string];

      await current.migrateWorkflow(moved, 2, { from: waits(1) });
      await current.publishEvent(told, "k", "go");
      await clock.advance("2m");

      const seen = async (id: string): Promise<unknown> => (await old.getWorkflow(id)).data;
      expect(await seen(moved)).toEqual({ seen: ["v2 got go", "behind v2"] });
      expect(await seen(stays)).toEqual({ seen: ["v1 got go", "behind v1"] });
      expect(await seen(fresh)).toEqual({ seen: ["v2 got go", "behind v2"] });
      // Each host may say so of the other's definition, once.
      expect(warnings.filter(({ message }) => !message.includes("is left to other hosts: the definition w "))).toEqual([]);
      expect(warnings.length).toBeLessThanOrEqual(2);
    });

    it("takes an instance whose graph no host knows any more to the graph that this one knows of its version", async () => {
      const { host: newHost, clock } = await open();
      const old = await newHost(registers(waits(1)));
      const ids: string[] = [];
      for (let n = 0; n < 3; n += 1) ids.push(await old.startWorkflow("w", 1, start()));
      await clock.settle();
      await old.stop();
      const current = await newHost(registers(waits(2, 1)));
      const [byGraph, byName, byNumber] = ids as [string, string, string];

      await expect(current.migrateWorkflow(byName, 1)).rejects.toMatchObject({
        faults: [{ reason: "step", pointerId: "1", message: expect.stringContaining("its definition is not known here") as string }],
      });
      await expect(current.migrateWorkflow(byName, 1, { steps: { "waitFor told": "nothing" } })).rejects.toMatchObject({
        faults: [{ reason: "mapping" }, { reason: "step" }],
      });
      await current.migrateWorkflow(byGraph, 1, { from: waits(1) });
      await current.migrateWorkflow(byName, 1, { steps: { "waitFor told": "waitFor told" } });
      await current.migrateWorkflow(byNumber, 1, { steps: { 0: 1 } });
      await current.publishEvent(told, "k", "go");
      await clock.advance("1m");

      for (const id of ids) {
        expect(await current.getWorkflow(id)).toMatchObject({ status: "complete", version: 1, data: { seen: ["v2 got go", "behind v2"] } });
      }
    });

    it("by a client, which has no lock provider, takes the definitions that it is given", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const host = await newHost(registers(waits(1), waits(2)));
      const client = await newClient();
      const id = await host.startWorkflow("w", 1, start());
      await clock.settle();

      await expect(client.migrateWorkflow(id, 2)).rejects.toMatchObject({ code: "WFE_DEFINITION_NOT_FOUND" });
      expect(await client.migrateWorkflow(id, waits(2), { from: waits(1) })).toMatchObject({ migrated: true });
      await client.publishEvent(told, "k", "go");
      await clock.advance("30s");

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["v2 got go", "behind v2"] } });
    });

    it.each(["same", "other"] as const)(
      "refuses one whose step is running, and calls that off and runs it again when told to (from the %s host)",
      async (where) => {
        const { host: newHost, clock } = await open();
        const runs: { readonly n: number; readonly attempt: number; readonly key: string; readonly reason: () => unknown }[] = [];
        const version = (n: number): WorkflowDefinition<Trace> =>
          (n === 1 ? build() : build().thenFn("new", () => undefined))
            .thenFn("long", async (ctx) => {
              runs.push({
                n,
                attempt: ctx.attempt,
                key: ctx.idempotencyKey,
                reason: () => (ctx.signal.reason as { readonly reason?: unknown } | undefined)?.reason,
              });
              await pause(clock, n === 1 ? 60_000 : 1_000);
              return `long v${n}`;
            })
            .output(note)
            .build("w", n);
        // No sweep: the hint of the migration has to do.
        const seldom = { sweepInterval: "1h", takeOverInterval: "1h" } as const;
        const host = await newHost(registers(version(1), version(2)), seldom);
        const other = await newHost(registers(version(2)), seldom);
        const asked = where === "same" ? host : other;
        const id = await host.startWorkflow("w", 1, start());
        await clock.settle();

        await expect(asked.migrateWorkflow(id, 2, { from: version(1) })).rejects.toMatchObject({ faults: [{ reason: "running", pointerId: "1" }] });
        await asked.migrateWorkflow(id, 2, { from: version(1), interruptRunning: true });
        await clock.advance("30s");

        expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["long v2"] } });
        expect(runs).toMatchObject([
          { n: 1, attempt: 1 },
          { n: 2, attempt: 2 },
        ]);
        expect(runs[1]?.key).toBe(runs[0]?.key);
        expect(runs[0]?.reason()).toBe("superseded");
        expect(await host.getErrors(id)).toEqual([]);
        await clock.advance("1m"); // the body that was called off gives its result, which is dropped
        expect(await host.getWorkflow(id)).toMatchObject({ data: { seen: ["long v2"] } });
      },
    );

    it("is worked out anew when the instance is moved, commanded or given an event just before it is written", async () => {
      for (const act of ["commit", "suspend", "terminate", "deliver", "migrate"] as const) {
        const { host: newHost, build: newOne, store, clock } = await open();
        const two = (n: number): WorkflowDefinition<Trace> =>
          (n === 1 ? build() : build().thenFn("new", () => undefined))
            .waitFor(told, "k")
            .output((text, data) => void data.seen.push(`v${n} got ${text}`))
            .waitFor(told, "l")
            .name("second")
            .output((text, data) => void data.seen.push(`v${n} got ${text}`))
            .build("w", n);
        const host = await newHost(registers(two(1), two(2)));
        const id = await host.startWorkflow("w", 1, start());
        await clock.settle();
        const suspended = act === "deliver" && (await host.suspendWorkflow(id));
        const acts = {
          commit: async () => {
            await host.publishEvent(told, "k", "one");
            await clock.settle();
          },
          suspend: () => host.suspendWorkflow(id),
          terminate: () => host.terminateWorkflow(id),
          // Nobody takes it while the instance is suspended.
          deliver: async () => {
            await host.publishEvent(told, "k", "one");
            await clock.settle();
          },
          migrate: () => host.migrateWorkflow(id, 2),
        };
        const other = newOne(
          registers(two(1), two(2)),
          {},
          meeting(store.open(), (change) => change.definition !== undefined, "before", acts[act]),
        );
        await other.start();

        const migration = other.migrateWorkflow(id, 2);

        if (act === "terminate") {
          await expect(migration).rejects.toMatchObject({ faults: [{ reason: "over", message: expect.stringContaining("terminated") as string }] });
          expect(await host.getWorkflow(id)).toMatchObject({ status: "terminated", version: 1 });
          continue;
        }
        const { migrated, pointers } = await migration;
        expect([migrated, pointers.map(({ to }) => to.stepId)]).toEqual(act === "migrate" ? [false, []] : [true, [act === "commit" ? 2 : 1]]);
        if (act === "suspend" || suspended) {
          expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", version: 2 });
          await host.resumeWorkflow(id);
        }
        if (act === "suspend" || act === "migrate") await host.publishEvent(told, "k", "one");
        await host.publishEvent(told, "l", "two");
        await clock.advance("30s");
        const first = act === "commit" ? "v1 got one" : "v2 got one";
        expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: [first, "v2 got two"] } });
      }
    });

    it("stops a pass that has loaded the old version and is about to begin a step, which then begins in the new one", async () => {
      const { host: newHost, build: newOne, store, clock } = await open();
      const ran: string[] = [];
      const version = (n: number): WorkflowDefinition<Trace> =>
        (n === 1 ? build() : build().thenFn("new", () => undefined))
          .delay("10s")
          .thenFn("next", () => void ran.push(`next v${n}`))
          .build("w", n);
      const client = await newHost(registers(version(1), version(2)), { sweepInterval: "1h", takeOverInterval: "1h" });
      const met = meeting(
        store.open(),
        ({ pointers }) => pointers.some(({ stepName, status }) => stepName === "next" && status === "running"),
        "before",
        () => client.migrateWorkflow(id, 2),
      );
      const host = newOne(registers(version(1), version(2)), {}, met);
      await host.start();
      const id: string = await host.startWorkflow("w", 1, start());

      await clock.advance("1m");

      expect(ran).toEqual(["next v2"]);
      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", version: 2 });
    });
  },
  { sweeping: true },
);
