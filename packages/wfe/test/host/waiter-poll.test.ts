import { expect, it } from "vitest";
import { CompletionWaiter } from "../../src/host/completion-waiter.ts";
import { instant, sampleWorkflow } from "../../src/test-support/index.ts";
import { hostSetting } from "./host-setting.ts";

it("polls soon for a new wait although it has come to poll for an old one seldom", async () => {
  const { services, clock } = await hostSetting();
  for (const id of ["old", "new"]) await services.persistence.createNewWorkflow(sampleWorkflow(id), instant());
  const waiter = new CompletionWaiter(services);
  waiter.start();
  void waiter.wait("old", {}).catch(() => {}); // it ends with the test
  await clock.advance("1m");
  await clock.advance(100); // the next poll is 900 ms away
  const ended: unknown[] = [];

  void waiter.wait("new", {}).then(({ id, status }) => ended.push([id, status]));
  await clock.settle();
  await services.persistence.command("new", "terminate", new Date(clock.now()));
  await clock.advance(100);

  expect(ended).toEqual([["new", "terminated"]]);
  waiter.stop();
});
