import { describe, expect, it } from "vitest";
import {
  CancelledError,
  isWfeError,
  type PersistenceProvider,
  TimeoutError,
  WorkflowNotFoundError,
  WorkflowSuspendedError,
} from "../../src/index.ts";
import { CompletionWaiter } from "../../src/host/completion-waiter.ts";
import { instant, sampleWorkflow } from "../../src/test-support/index.ts";
import { replacing } from "../replacing.ts";
import { hostSetting, messages } from "./host-setting.ts";

/** A waiter, started, over a store with the instance "w", and how often that was asked for signals. */
async function setting() {
  const asked: (readonly string[])[] = [];
  const of = await hostSetting();
  const { services, clock } = of;
  await services.persistence.createNewWorkflow(sampleWorkflow("w"), instant());
  const read = services.persistence.readSignals.bind(services.persistence);
  const waiter = new CompletionWaiter({
    ...services,
    persistence: Object.assign(Object.create(services.persistence) as PersistenceProvider, {
      loadForPass: services.persistence.loadForPass.bind(services.persistence),
      readSignals: (ids: readonly string[]) => {
        asked.push(ids);
        return read(ids);
      },
    }),
  });
  waiter.start();
  const command = (kind: "suspend" | "resume" | "terminate") => services.persistence.command("w", kind, new Date(clock.now()));
  return { ...of, waiter, asked, command };
}

/** What became of a wait so far: its end, its error, or nothing. */
function watch(wait: Promise<unknown>) {
  const state: { end?: unknown; error?: unknown } = {};
  void wait.then(
    (end) => {
      state.end = end;
    },
    (error: unknown) => {
      state.error = error;
    },
  );
  return state;
}

describe("waiting for an instance", () => {
  it("ends at once when it is told of the end", async () => {
    const { clock, waiter, command } = await setting();
    const wait = watch(waiter.wait("w", {}));
    await clock.settle();
    await command("terminate");

    waiter.notify("w", "terminated");
    await clock.settle();

    expect(wait.end).toMatchObject({ id: "w", status: "terminated" });
    await clock.advance("1s");
    expect(clock.pendingTimers).toBe(0);
  });

  it("ends at once when it was over before", async () => {
    const { clock, waiter, command } = await setting();
    await command("terminate");

    const wait = watch(waiter.wait("w", {}));
    await clock.settle();

    expect(wait.end).toMatchObject({ status: "terminated" });
  });

  it("looks for what others have done, all in one query, less and less often, down to each second", async () => {
    const { services, clock, waiter, asked, command } = await setting();
    await services.persistence.createNewWorkflow(sampleWorkflow("v"), instant());
    const [w, v] = [watch(waiter.wait("w", {})), watch(waiter.wait("v", {}))];

    const times: number[] = [];
    for (let ms = 0; ms < 4_000; ms += 20) {
      const before = asked.length;
      await clock.advance(20);
      if (asked.length > before) times.push(ms + 20);
    }
    await command("terminate");
    await clock.advance("1s");

    expect(times).toEqual([20, 60, 140, 300, 620, 1_260, 2_260, 3_260]);
    expect(asked[0]).toEqual(["w", "v"]);
    expect([w.end, v]).toMatchObject([{ status: "terminated" }, {}]);
    waiter.stop();
  });

  it("fails when there is no such instance, also when it was removed meanwhile", async () => {
    const { services, clock, waiter, command } = await setting();
    const [nobody, removed] = [watch(waiter.wait("nobody", {})), watch(waiter.wait("w", { onSuspended: "wait" }))];
    await clock.settle();
    expect([nobody.error, removed]).toEqual([new WorkflowNotFoundError("nobody"), {}]);

    await command("terminate");
    await services.persistence.deleteWorkflows(["w"]);
    await clock.advance("1s");

    expect(removed.error).toEqual(new WorkflowNotFoundError("w"));
  });

  it("fails when it is suspended, unless the caller waits on", async () => {
    const { clock, waiter, command } = await setting();
    const [rejecting, patient] = [watch(waiter.wait("w", {})), watch(waiter.wait("w", { onSuspended: "wait" }))];
    await command("suspend");
    waiter.notify("w", "suspended");
    await clock.settle();
    expect([rejecting.error, patient]).toEqual([new WorkflowSuspendedError("w", undefined), {}]);

    await command("terminate");
    waiter.notify("w", "terminated");
    await clock.settle();

    expect(patient.end).toMatchObject({ status: "terminated" });
  });

  it("fails at the end of its limit, or when its signal aborts or had aborted, and nothing is left of it", async () => {
    const { clock, waiter } = await setting();
    const controller = new AbortController();
    const timed = watch(waiter.wait("w", { timeout: "1s" }));
    const aborted = watch(waiter.wait("w", { signal: controller.signal }));
    await clock.advance(999);
    expect([timed, aborted]).toEqual([{}, {}]);

    await clock.advance(1);
    controller.abort(new Error("enough"));
    const late = watch(waiter.wait("w", { signal: controller.signal }));
    await clock.advance("1s");

    expect(timed.error).toEqual(new TimeoutError('waiting for the workflow "w"', 1_000));
    expect([aborted.error, late.error]).toEqual(Array(2).fill(new CancelledError("aborted", { cause: new Error("enough") })));
    expect(clock.pendingTimers).toBe(0);
  });

  it("goes on over a store that fails, which is said", async () => {
    let away = true;
    const gone = (): Promise<never> => Promise.reject(new Error("away"));
    const { services, clock } = await hostSetting();
    await services.persistence.createNewWorkflow(sampleWorkflow("w"), instant());
    await services.persistence.command("w", "terminate", instant());
    const warnings: string[] = [];
    const waiter = new CompletionWaiter({
      ...services,
      log: { write: ({ message }) => void warnings.push(message) },
      persistence: Object.assign(Object.create(services.persistence) as PersistenceProvider, {
        loadForPass: (id: string) => (away ? gone() : services.persistence.loadForPass(id)),
        readSignals: (ids: readonly string[]) => (away ? gone() : services.persistence.readSignals(ids)),
      }),
    });
    waiter.start();

    const wait = watch(waiter.wait("w", {}));
    await clock.advance(20);
    expect([wait, warnings]).toEqual([
      {},
      [
        "the state of the awaited workflow w could not be read; it is asked for again",
        "the state of awaited workflows could not be read; it is asked for again",
      ],
    ]);
    away = false;
    await clock.advance(40);

    expect(wait.end).toMatchObject({ status: "terminated" });
  });

  it("does not start, and ends, on a host that is stopped", async () => {
    const { clock, waiter, warnings } = await setting();
    const [before, other] = [watch(waiter.wait("w", {})), watch(waiter.wait("w", { timeout: "1h" }))];

    waiter.stop();
    const after = watch(waiter.wait("w", {}));
    await clock.settle();

    for (const { error } of [before, other, after]) expect(isWfeError(error, "WFE_HOST_NOT_RUNNING")).toBe(true);
    expect([clock.pendingTimers, messages(warnings)]).toEqual([0, []]);
  });

  it("of a limit that is no duration fails at once", async () => {
    const { waiter } = await setting();

    await expect(waiter.wait("w", { timeout: -1 })).rejects.toThrow(RangeError);
  });

  it("is looked after soon, however long others wait already", async () => {
    const { services, clock, waiter, command } = await setting();
    await services.persistence.createNewWorkflow(sampleWorkflow("long"), instant());
    watch(waiter.wait("long", {}));
    await clock.advance("1m");

    const wait = watch(waiter.wait("w", {}));
    await clock.settle();
    await command("terminate");
    await clock.advance(20);

    expect(wait.end).toMatchObject({ status: "terminated" });
    waiter.stop();
  });

  it("that runs in this process needs one query: this process hears of its end", async () => {
    const { services, clock } = await hostSetting();
    await services.persistence.createNewWorkflow(sampleWorkflow("w"), instant());
    let asked = 0;
    const here = new Set(["w"]);
    const readSignals: PersistenceProvider["readSignals"] = (ids) => {
      asked += 1;
      return services.persistence.readSignals(ids);
    };
    const waiter = new CompletionWaiter({ ...services, persistence: replacing(services.persistence, { readSignals }) }, (id) => here.has(id));
    waiter.start();

    watch(waiter.wait("w", {}));
    await clock.advance("2s");
    expect(asked).toBe(1); // a command from elsewhere may have come before
    here.clear();
    await clock.advance("1s");

    expect(asked).toBeGreaterThan(1);
    waiter.stop();
  });

  it("hears within 20 ms of what others have done to an instance that runs in this process", async () => {
    const { services, clock } = await hostSetting();
    await services.persistence.createNewWorkflow(sampleWorkflow("w"), instant());
    await services.persistence.command("w", "suspend", new Date(clock.now()));
    const waiter = new CompletionWaiter(services, () => true);
    waiter.start();

    const wait = watch(waiter.wait("w", {}));
    await clock.advance(20);

    expect(wait.error).toEqual(new WorkflowSuspendedError("w", undefined));
  });

  it("is not put off by others that begin to wait all the time", async () => {
    const { services, clock, waiter, command } = await setting();
    for (const id of ["a", "b", "c", "d"]) await services.persistence.createNewWorkflow(sampleWorkflow(id), instant());
    const wait = watch(waiter.wait("w", {}));
    await clock.settle();
    await command("terminate");

    for (const id of ["a", "b", "c", "d"]) {
      watch(waiter.wait(id, {}));
      await clock.advance(5);
    }

    expect(wait.end).toMatchObject({ status: "terminated" });
    waiter.stop();
  });

  it("fails when its data cannot be decoded: asking again is useless", async () => {
    const { services, clock, waiter } = await setting();
    await services.persistence.createNewWorkflow(sampleWorkflow("v", { data: "another codec's" }), instant());
    await services.persistence.command("v", "terminate", instant());

    const wait = watch(waiter.wait("v", {}));
    await clock.settle();

    expect(isWfeError(wait.error, "WFE_PAYLOAD_UNREADABLE")).toBe(true);
  });
});
