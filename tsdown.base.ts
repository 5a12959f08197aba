import type { Options } from "tsdown";

/** What every package is built with: ESM files one by one, with declarations and source maps. */
export const base: Options = {
  format: "esm",
  platform: "node",
  target: "node20.19",
  dts: true,
  sourcemap: true,
  unbundle: true,
  clean: true,
  fixedExtension: false,
};
