import { activities, branches, children, commands, events, long, mixed, retries, saga } from "./programs.ts";
import type { Programs } from "./simulation-runs.ts";

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
};
