import { defineActivity, WorkflowBuilder } from "../../../src/index.ts";
import type { ProgramFactory, Stimulus } from "../../../src/test-support/index.ts";
import { asIs, data, ended, type Log } from "./log.ts";

const pack = defineActivity<{ readonly key: string }, number>("pack");

/** An activity whose workers are lost, late, or fail. */
export const activities: ProgramFactory = () => {
  const definition = new WorkflowBuilder<Log>()
    .activity(pack, (d) => ({ key: d.key }))
    .output((n, d) => void d.log.push(`packed ${String(n)}`))
    .build("activities", 1);
  const ids = ["a1", "a2"];
  return {
    name: "activities",
    definitions: [definition],
    stimuli: [
      ...ids.map((id): Stimulus => ({ name: `start ${id}`, atMs: 0, act: (client) => client.startWorkflow(definition, data(id), { id }) })),
      {
        name: "worker",
        atMs: 200,
        everyMs: 400,
        act: async (client) => {
          const offer = await client.getPendingActivity(pack, "worker", { lease: 2_000, wait: 500 });
          if (offer !== undefined) await client.submitActivitySuccess(offer.token, offer.input.key === "a1" ? 1 : 2);
        },
      },
    ],
    workflowIds: ids,
    verdict: (final) => [...ended(final, "a1", "complete", asIs, ["packed 1"]), ...ended(final, "a2", "complete", asIs, ["packed 2"])],
  };
};
