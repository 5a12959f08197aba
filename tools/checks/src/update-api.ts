import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { API_FOLDER, apiSurface, entryPoints, keptFiles } from "./api-surface.ts";
import { ROOT } from "./workspace-files.ts";

// Keeps what the packages offer now.
const points = entryPoints();
mkdirSync(join(ROOT, API_FOLDER), { recursive: true });
for (const { folder, source, file } of points) writeFileSync(join(ROOT, file), await apiSurface(join(ROOT, folder), source));
for (const file of keptFiles()) if (!points.some((point) => point.file === file)) rmSync(join(ROOT, file));
console.log(`${points.length} entry points are kept`);
