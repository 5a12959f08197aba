import fc from "fast-check";
import type { ProgramFactory } from "../../src/test-support/index.ts";
import { programOf } from "./oracle/program-of.ts";
import { trees } from "./oracle/random-trees.ts";
import { aborts } from "./programs/aborts.ts";
import { activities } from "./programs/activities.ts";
import { branches } from "./programs/branches.ts";
import { children } from "./programs/children.ts";
import { commands } from "./programs/commands.ts";
import { deploy } from "./programs/deploy.ts";
import { ends } from "./programs/ends.ts";
import { events } from "./programs/events.ts";
import { long } from "./programs/long.ts";
import { migrations } from "./programs/migrations.ts";
import { mixed } from "./programs/mixed.ts";
import { poison } from "./programs/poison.ts";
import { polls } from "./programs/polls.ts";
import { retries } from "./programs/retries.ts";
import { saga } from "./programs/saga.ts";
import type { Tree } from "./oracle/tree.ts";
import type { Programs } from "./simulation-runs.ts";

/** Another workflow for each seed. */
export function random(seed: number): ProgramFactory {
  const [tree] = fc.sample(trees(), { numRuns: 1, seed }) as [Tree]; // one is asked for
  const program = programOf(tree);
  return (bodies) => ({ ...program(bodies), name: "random" });
}

/** What `pnpm simulate` runs. */
export const programList: Programs = {
  retries: () => retries,
  saga: () => saga,
  events: () => events,
  children: () => children,
  branches: () => branches,
  commands: () => commands,
  activities: () => activities,
  long: () => long,
  mixed: () => mixed,
  polls: () => polls,
  deploy: () => deploy,
  migrations: () => migrations,
  poison: () => poison,
  aborts: () => aborts,
  ends: () => ends,
  random,
};
