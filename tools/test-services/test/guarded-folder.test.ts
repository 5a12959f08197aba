import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { expect, it } from "vitest";

it.each(["SIGINT", "SIGTERM", "SIGKILL"] as const)(
  "leaves neither servers nor their files behind a process that ends by %s",
  async (signal) => {
    const temporary = mkdtempSync(join(tmpdir(), "wfe-guarded-"));
    chmodSync(temporary, 0o755);
    const holder = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), `${import.meta.dirname}/processes/server-holder.ts`], {
      env: { ...process.env, TMPDIR: temporary },
      stdio: ["pipe", "pipe", "inherit"],
    });
    const [line] = (await once(createInterface({ input: holder.stdout }), "line")) as [string]; // what `line` carries
    const urls = JSON.parse(line) as readonly string[]; // what the holder prints
    const folders = (): readonly string[] => readdirSync(temporary).filter((name) => name.startsWith("wfe-"));
    expect(folders()).toHaveLength(2);

    holder.kill(signal);
    await once(holder, "exit");

    while (folders().length > 0) await sleep(20);
    for (const url of urls) await expect(new pg.Client({ connectionString: url }).connect()).rejects.toMatchObject({ code: "ECONNREFUSED" });
    rmSync(temporary, { recursive: true });
  },
  120_000, // the pooler may be installed first
);
