import type { DrillName } from "../command-line.ts";
import type { DrillOutcome, DrillSettings } from "../drill-run.ts";
import { diskFull } from "./disk-full.ts";
import { flush } from "./flush.ts";
import { freeze } from "./freeze.ts";
import { kill } from "./kill.ts";
import { restart } from "./restart.ts";

/** All drills by the words that people write. */
export const DRILLS: Readonly<Record<DrillName, (settings: DrillSettings) => Promise<DrillOutcome>>> = {
  kill,
  freeze,
  flush,
  restart,
  "disk-full": diskFull,
};
