import { describe, expect, it } from "vitest";
import { CommandConsumer } from "../../src/host/command-consumer.ts";
import { type PersistenceProvider, TERMINATE_COMMAND, WorkflowNotFoundError } from "../../src/index.ts";
import { hostSetting, messages } from "./host-setting.ts";

/** A consumer that notes whom it terminates. @param terminate - What terminating does besides. */
async function setting(terminate: (id: string) => Promise<boolean> = () => Promise.resolve(true), persistence: Partial<PersistenceProvider> = {}) {
  const of = await hostSetting({ persistence });
  const terminated: string[] = [];
  const consumer = new CommandConsumer(of.services, {
    terminate: (id) => {
      terminated.push(id);
      return terminate(id);
    },
  });
  const owe = (data: string, name: string = TERMINATE_COMMAND): Promise<void> =>
    of.services.persistence.scheduleCommand({ name, data, executeAt: new Date(of.clock.now()) });
  return { ...of, consumer, terminated, owe };
}

describe("commands that are owed", () => {
  it("are carried out soon, each once, however often that is wanted, and more than a round holds", async () => {
    const { clock, consumer, terminated, owe } = await setting();
    const ids = Array.from({ length: 250 }, (_, n) => `w${n}`);
    for (const id of ids) await owe(id);

    consumer.soon();
    consumer.soon();
    expect(terminated).toEqual([]);
    await clock.settle();
    await consumer.settled();
    consumer.soon();
    await clock.settle();

    expect(new Set(terminated)).toEqual(new Set(ids));
    expect(terminated).toHaveLength(250);
  });

  it("that come while others are carried out are not forgotten", async () => {
    const { clock, consumer, terminated, owe } = await setting(async (id) => {
      if (id === "first") {
        await owe("second");
        consumer.soon();
      }
      return true;
    });
    await owe("first");

    consumer.soon();
    await clock.settle();

    expect(terminated).toEqual(["first", "second"]);
  });

  it("to an instance that was removed are done with", async () => {
    const { clock, consumer, terminated, owe, warnings } = await setting((id) => Promise.reject(new WorkflowNotFoundError(id)));
    await owe("gone");

    await consumer.process();
    await clock.advance("1m");
    await consumer.process();

    expect(terminated).toEqual(["gone"]);
    expect(warnings).toEqual([]);
  });

  it("that fail are tried again later, and hold up no other", async () => {
    let broken = true;
    const { clock, consumer, terminated, owe, warnings } = await setting((id) =>
      broken && id === "stubborn" ? Promise.reject(new Error("the store is away")) : Promise.resolve(true),
    );
    await owe("stubborn");
    await owe("other");

    await consumer.process();
    await consumer.process();
    expect(terminated).toEqual(["stubborn", "other"]);
    expect(messages(warnings)).toEqual(["the command terminateWorkflow to the workflow stubborn has failed; it is tried again"]);
    broken = false;
    await clock.advance("1s");
    await consumer.process();

    expect(terminated).toEqual(["stubborn", "other", "stubborn"]);
  });

  it("of another version of the engine are left to it, with a warning", async () => {
    const { consumer, terminated, owe, warnings } = await setting();
    await owe("w", "dance");

    await consumer.process();

    expect(terminated).toEqual([]);
    expect(messages(warnings)).toEqual(["the command dance to the workflow w has failed; it is tried again"]);
  });

  it("are left to the sweep while the store cannot be reached", async () => {
    const { clock, consumer, warnings } = await setting(undefined, { processCommands: () => Promise.reject(new Error("away")) });

    consumer.soon();
    await clock.settle();
    await consumer.settled();

    expect(messages(warnings)).toEqual([expect.stringContaining("commands to other workflows could not be carried out; the sweep does it")]);
  });
});
