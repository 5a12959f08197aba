import { defineConfig } from "tsdown";
import { base } from "../../tsdown.base.ts";

// The demo starts the worker as a file of its own.
export default defineConfig({ ...base, entry: ["src/demo.ts", "src/worker.ts"], dts: false });
