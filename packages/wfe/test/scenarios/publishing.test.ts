import { expect, it } from "vitest";
import {
  defineEvent,
  EventNotFoundError,
  InputInvalidError,
  type JsonValue,
  type StandardSchema,
  WorkflowBuilder,
  type WorkflowDefinition,
  type WorkflowHost,
} from "../../src/index.ts";
import { registers, scenarios } from "./scenario.ts";

interface Got {
  got: JsonValue[];
}

const told = defineEvent<JsonValue>("told");

/** Waits so many times for the event `told` with the key `k`, and keeps what comes. */
function waits(times: number): WorkflowDefinition<Got> {
  return new WorkflowBuilder<Got>()
    .whileDo(
      (data) => data.got.length < times,
      (b) => b.waitFor(told, "k").output((payload, data) => void data.got.push(payload)),
    )
    .build(`waits ${times}`, 1);
}

scenarios(
  "publishing",
  (open) => {
    it.each([[null], [undefined], [false], [0], [""], [[]], [{}]])(
      "wakes a wait with the payload %j too; without one it is null",
      async (payload) => {
        const { host: newHost, clock } = await open();
        const definition = waits(1);
        const host = await newHost(registers(definition));
        const id = await host.startWorkflow(definition, { got: [] });
        await clock.settle();

        const event = await host.publishEvent(told, "k", payload as never); // undefined comes from JavaScript
        await clock.settle();

        expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: [payload ?? null] } });
        expect((await host.getEvent(event)).data).toEqual(payload ?? null);
      },
    );

    it("delivers nothing twice under a known id: the first payload wins, before and after it was used, on any host", async () => {
      const { host: newHost, clock } = await open();
      const definition = waits(2);
      const host = await newHost(registers(definition));
      const other = await newHost(registers(definition));
      const id = await host.startWorkflow(definition, { got: [] });
      const publish = async (by: WorkflowHost, n: number): Promise<void> =>
        expect(await by.publishEvent(told, "k", n, { id: "the event" })).toBe("the event");

      await Promise.all([publish(host, 1), publish(host, 2)]);
      await clock.settle();
      await publish(other, 3);
      await other.publishEvent("something else", "k", 4, { id: "the event" });
      await clock.advance("10s");
      expect(await host.getWorkflow(id)).toMatchObject({ status: "runnable", data: { got: [1] } });
      expect(await other.getEvent("the event")).toMatchObject({ name: "told", key: "k", data: 1 });
      await other.publishEvent(told, "k", 5, { id: "another event" });
      await clock.advance("2s");

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: [1, 5] } });
    });

    it("refuses the engine's own names, no name, no key and no time, and wakes nobody", async () => {
      const { host: newHost, clock } = await open();
      const watches = new WorkflowBuilder<Got>()
        .waitFor("wfe.workflow.completed", "k")
        .output((payload, data) => void data.got.push(payload))
        .build("watches", 1);
      const host = await newHost(registers(watches));
      const id = await host.startWorkflow(watches, { got: [] });
      await clock.settle();

      await expect(host.publishEvent("wfe.workflow.completed", "k", 1, { id: "e" })).rejects.toThrow(RangeError);
      await expect(host.publishEvent({ name: "wfe.x" }, "k", 1, { id: "e" })).rejects.toThrow("wfe.x");
      await expect(host.publishEvent("", "k", 1, { id: "e" })).rejects.toThrow(RangeError);
      await expect(host.publishEvent(told, undefined as never, 1, { id: "e" })).rejects.toThrow("key must be a string");
      await expect(host.publishEvent(told, "k", 1, { id: "e", time: new Date(Number.NaN) })).rejects.toThrow(RangeError);
      await clock.advance("2s");

      await expect(host.getEvent("e")).rejects.toBeInstanceOf(EventNotFoundError);
      expect(await host.getWorkflow(id)).toMatchObject({ status: "runnable", data: { got: [] } });
    });

    it("checks, and may change, the payload by the schema of the definition; what it refuses is not stored", async () => {
      const { host: newHost, clock } = await open();
      const schema: StandardSchema<unknown, JsonValue> = {
        "~standard": {
          version: 1,
          vendor: "test",
          validate: async (value) => {
            await Promise.resolve();
            return typeof value === "number" ? { value: value * 2 } : { issues: [{ message: "is no number", path: ["amount", { key: 0 }] }] };
          },
        },
      };
      const checked = defineEvent<JsonValue>("told", schema);
      const definition = waits(1);
      const host = await newHost(registers(definition));
      const id = await host.startWorkflow(definition, { got: [] });

      const refused = host.publishEvent(checked, "k", "ten", { id: "refused" });
      await expect(refused).rejects.toBeInstanceOf(InputInvalidError);
      await expect(refused).rejects.toMatchObject({ code: "WFE_INPUT_INVALID", issues: ["amount.0: is no number"] });
      await expect(host.getEvent("refused")).rejects.toBeInstanceOf(EventNotFoundError);
      await host.publishEvent(checked, "k", 21);
      await clock.settle();

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: [42] } });
    });
  },
  { sweeping: true },
);
