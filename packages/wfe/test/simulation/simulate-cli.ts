import { programList } from "./program-list.ts";
import { simulationRuns } from "./simulation-runs.ts";

process.exitCode = await simulationRuns(
  process.argv.slice(2).filter((word) => word !== "--"),
  programList,
  (text) => console.log(text),
);
