import { readFileSync, writeFileSync } from "node:fs";
import { withTables } from "./verb-tables.ts";

const path = new URL("../../../docs/verbs.md", import.meta.url);
writeFileSync(path, withTables(readFileSync(path, "utf8")));
