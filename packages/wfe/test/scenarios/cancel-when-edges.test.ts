import { expect, it } from "vitest";
import { ErrorBehavior, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { registers, scenarios } from "./scenario.ts";

interface Data {
  off: boolean;
  seen: string[];
}

const add = (text: string, data: Data): void => void data.seen.push(text);
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const off = (data: Readonly<Data>): boolean => data.off;
const fresh = (changes: Partial<Data> = {}): Data => ({ off: false, seen: [], ...changes });
const seldom = { sweepInterval: "1d" } as const;
const never = (): never => expect.fail("it was cancelled");
const broken = (): never => {
  throw new Error("broken");
};

class Refund {
  run = (): void => {};
}
scenarios("cancelWhen", (open) => {
  it("that throws counts as false, and is recorded once for each pointer; the instance has no error", async () => {
    const { host: newHost, clock, record } = await open();
    const definition = w()
      .thenFn("first", () => "first")
      .when(() => true)
      .output(add)
      .cancelWhen(broken)
      .parallel((p) =>
        p
          .branch((b) =>
            b
              .thenFn("a", () => "a")
              .output(add)
              .thenFn("b", () => "b")
              .output(add),
          )
          .branch((b) => b.delay("1s").cancelWhen(broken))
          .branch((b) =>
            b.forEach(
              () => [1, 2],
              (c) => c.waitFor("go", "k").cancelWhen(() => "yes" as unknown as boolean),
            ),
          ),
      )
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);
    const events = record(host);
    const id = await host.startWorkflow(definition, fresh());
    await clock.advance("1s");

    await host.publishEvent("go", "k", null);
    await clock.settle();

    const instance = await host.getWorkflow(id);
    expect(instance).toMatchObject({ status: "complete", data: { seen: ["first", "a", "b"] } });
    expect(instance).not.toHaveProperty("error");
    const message = 'the cancelWhen of the step "waitFor go" gave "yes" in place of true or false';
    expect((await host.getErrors(id)).map(({ step, message: text }) => [step, text])).toEqual([
      ["first", "broken"],
      ["delay", "broken"],
      ["waitFor go", message],
      ["waitFor go", message],
    ]);
    expect(events.flatMap((event) => (event.type === "error" ? [event.step] : []))).toEqual(["first", "delay", "waitFor go", "waitFor go"]);
  });

  it("that throws is recorded once though the first step's own condition fails too, and is asked again", async () => {
    const { host: newHost, clock } = await open();
    let asked = 0;
    const definition = w()
      .thenFn("first", () => "first")
      .output(add)
      .when(() => {
        asked += 1;
        return asked === 1 ? broken() : true;
      })
      .cancelWhen(() => {
        throw new Error("cannot say");
      })
      .onError(ErrorBehavior.retry({ interval: "1s" }))
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);

    const id = await host.startWorkflow(definition, fresh());
    await clock.advance("1s");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["first"] } });
    expect((await host.getErrors(id)).map(({ message }) => message)).toEqual(["cannot say", "broken"]);
  });

  it("goes on with the next iteration behind one whose step is cancelled as it is created", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .forEach(
        () => ["a", "b", "c"],
        (b) =>
          b
            .thenFn("each", (ctx) => ctx.item)
            .output(add)
            .cancelWhen((data) => data.seen.length === 1),
        { parallel: false },
      )
      .thenFn("end", () => "end")
      .output(add)
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);

    const id = await host.startWorkflow(definition, fresh());
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["a", "end"] } });
    expect((await host.getHistory(id)).map(({ stepName, status, index }) => [stepName, status, index])).toEqual([
      ["forEach", "complete", undefined],
      ["each", "complete", 0],
      ["each", "cancelled", 1],
      ["each", "cancelled", 2],
      ["end", "complete", undefined],
    ]);
  });

  it("finishes containers whose steps are all cancelled as they are created", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .parallel((p) => p.branch((b) => b.thenFn("one", never).cancelWhen(off)).branch((b) => b.thenFn("two", never).cancelWhen(off)))
      .forEach(
        () => [1, 2],
        (b) => b.thenFn("each", never).cancelWhen(off),
      )
      .saga((b) => b.thenFn("in saga", never).cancelWhen(off))
      .decide(
        () => 1,
        (d) => d.otherwise((b) => b.thenFn("in case", never).cancelWhen(off)),
      )
      .thenFn("end", () => "end")
      .output(add)
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);

    const id = await host.startWorkflow(definition, fresh({ off: true }));
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["end"] } });
  });

  it("of the only step of an endless loop leaves the host to others", async () => {
    const { host: newHost, clock } = await open();
    const asked = { times: 0 };
    const endless = w()
      .whileDo(
        () => {
          asked.times += 1;
          return asked.times < 20_000;
        },
        (b) => b.thenFn("never", never).cancelWhen(off),
      )
      .build("endless", 1);
    const other = w()
      .thenFn("other", () => `after ${asked.times < 20_000 ? "some" : "all"}`)
      .output(add)
      .build("other", 1);
    const host = await newHost(registers(endless, other), seldom);

    const ids = [await host.startWorkflow(endless, fresh({ off: true })), await host.startWorkflow(other, fresh())] as const;
    await clock.settle();

    expect((await host.getWorkflow(ids[0])).status).toBe("complete");
    expect(await host.getWorkflow(ids[1])).toMatchObject({ data: { seen: ["after some"] } });
  });

  it("in a compensator ends it there: the step counts as undone, and what is behind it follows", async () => {
    const { host: newHost, clock } = await open();
    const alone = w()
      .thenFn("fails", broken)
      .compensateWithSequence((b) => b.thenFn("undo", never).cancelWhen(off).thenFn("more", never))
      .thenFn("behind", () => "behind")
      .output(add)
      .build("alone", 1);
    const inSaga = w()
      .saga((b) =>
        b
          .thenFn("done", () => {})
          .compensateWithSequence((c) => c.thenFn("undo", never).cancelWhen(off))
          .thenFn("proceeds", () => {})
          .compensateWithSequence((c) =>
            c
              .thenFn("undo 2", never)
              .cancelWhen(off, { proceed: true })
              .thenFn("rest", () => "rest")
              .output(add),
          )
          .thenFn("fails", broken)
          .onError(ErrorBehavior.compensate()),
      )
      .thenFn("behind", () => "behind")
      .output(add)
      .build("in-saga", 1);
    const host = await newHost(registers(alone, inSaga), seldom);

    const ids = [await host.startWorkflow(alone, fresh({ off: true })), await host.startWorkflow(inSaga, fresh({ off: true }))] as const;
    await clock.settle();

    expect(await host.getWorkflow(ids[0])).toMatchObject({ status: "complete", data: { seen: ["behind"] } });
    expect(await host.getWorkflow(ids[1])).toMatchObject({ status: "complete", data: { seen: ["rest", "behind"] } });
    expect((await host.getHistory(ids[1])).map(({ stepName, status }) => [stepName, status])).toEqual([
      ["saga", "compensated"],
      ["done", "compensated"],
      ["proceeds", "compensated"],
      ["fails", "compensated"],
      ["undo 2", "cancelled"],
      ["rest", "complete"],
      ["undo", "cancelled"],
      ["behind", "complete"],
    ]);
  });

  it("that holds with the result in which the step's event comes leaves the event to the next wait", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .parallel((p) =>
        p
          .branch((b) => b.waitFor<boolean>("off", "k").saveAs("off"))
          .branch((b) => b.waitFor("go", "k").cancelWhen(off, { proceed: true }).waitFor<string>("go", "k").output(add)),
      )
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);
    const results: string[] = [];
    for (const order of [
      ["go", "off"],
      ["off", "go"],
    ] as const) {
      const id = await host.startWorkflow(definition, fresh());
      await clock.settle();
      await host.suspendWorkflow(id);
      for (const name of order) await host.publishEvent(name, "k", name === "off" ? true : "went");
      await clock.settle();
      await host.resumeWorkflow(id);
      await clock.settle();
      if ((await host.getWorkflow(id)).status !== "complete") await host.publishEvent("go", "k", "again");
      await clock.settle();
      results.push(...((await host.getWorkflow(id)).data as Data).seen);
    }

    // Both are there at once: the first wait has ended with its event, or was cancelled before it had used it.
    expect(results[1]).toBe("went");
  });

  it("does not stop a saga that has begun to undo what it has done", async () => {
    const { host: newHost, clock } = await open();
    const undone: string[] = [];
    class Release {
      run = (): void => void undone.push("release");
    }
    const definition = w()
      .saga((b) =>
        b
          .thenFn("reserve", () => "reserve")
          .output(add)
          .compensateWith(Release)
          .thenFn("charge", () => "charge")
          .output(add)
          .compensateWith(Refund, (c) => c.output((_, data) => void (data.off = true)))
          .thenFn("ship", broken)
          .onError(ErrorBehavior.compensate()),
      )
      .cancelWhen(off)
      .thenFn("behind", () => "behind")
      .output(add)
      .build("w", 1);
    const host = await newHost(registers(definition));

    const id = await host.startWorkflow(definition, fresh());
    await clock.settle();

    expect(undone).toEqual(["release"]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["reserve", "charge", "behind"] } });
  });

  it("keeps a saga from running again when it has come to hold while the saga was undone", async () => {
    const { host: newHost, clock } = await open();
    let runs = 0;
    const cancelled = (id: string, proceed: boolean): WorkflowDefinition<Data> =>
      w()
        .saga((b) =>
          b
            .thenFn("charge", () => "charge")
            .output(add)
            .compensateWith(Refund, (c) => c.output((_, data) => void (data.off = true)))
            .thenFn("ship", () => {
              runs += 1;
              broken();
            }),
        )
        .onError(ErrorBehavior.retry({ interval: "1h" }))
        .cancelWhen(off, { proceed })
        .thenFn("behind", () => "behind")
        .output(add)
        .build(id, 1);
    const [ends, goesOn] = [cancelled("ends", false), cancelled("goes on", true)];
    const host = await newHost(registers(ends, goesOn), { sweepInterval: "10m" });

    const ids = [await host.startWorkflow(ends, fresh()), await host.startWorkflow(goesOn, fresh())];
    await clock.advance("1d");

    expect(runs).toBe(2);
    const found = await Promise.all(ids.map((id) => host.getWorkflow(id)));
    expect(found.map(({ status, data }) => [status, data])).toEqual([
      ["complete", { off: true, seen: ["charge"] }],
      ["complete", { off: true, seen: ["charge", "behind"] }],
    ]);
    const sagas = (await Promise.all(ids.map((id) => host.getHistory(id)))).map(([saga]) => saga?.status);
    expect(sagas).toEqual(["compensated", "compensated"]);
  });
});
