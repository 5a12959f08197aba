/** Prints the trace that `docs/operating.md` shows: `npx tsx --conditions=wfe-source packages/wfe/test/otel/print-trace.ts`. */
import { tracedRun } from "./traced-run.ts";

console.log(await tracedRun());
