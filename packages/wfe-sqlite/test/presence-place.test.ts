import { chmodSync, mkdirSync, renameSync, symlinkSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SqliteLockProvider } from "../src/sqlite-lock-provider.ts";
import { newFolder } from "./sqlite-targets.ts";

describe("the presence of a lock provider that is started again", () => {
  let folder: ReturnType<typeof newFolder>;
  const started: SqliteLockProvider[] = [];
  beforeEach(() => {
    folder = newFolder();
  });
  afterEach(async () => {
    for (const locks of started.splice(0)) await locks.stop();
    folder.remove();
  });

  async function start(locks: SqliteLockProvider): Promise<SqliteLockProvider> {
    await locks.start();
    started.push(locks);
    return locks;
  }

  it("is where the database is now, which others come to by a link", async () => {
    const path = folder.path("wfe.db");
    const locks = new SqliteLockProvider({ path });
    await locks.start();
    await locks.stop();
    mkdirSync(folder.path("disk"));
    renameSync(path, folder.path("disk/wfe.db"));
    symlinkSync(folder.path("disk/wfe.db"), path);

    await start(locks);
    await locks.acquireLock("r", { ttl: "1h" });
    const other = await start(new SqliteLockProvider({ path }));

    expect(await other.orphans(10)).toEqual([]);
  });

  it.skipIf(process.getuid?.() !== 0)("is a new one, though the file of the former could not be removed", async () => {
    const path = folder.path("wfe.db");
    const other = await start(new SqliteLockProvider({ path }));
    const locks = new SqliteLockProvider({ path });
    await locks.start();
    const former = locks.hostId;
    chmodSync(folder.path("."), 0o555);
    process.seteuid?.(65_534); // nobody, who cannot write there
    await locks.stop().finally(() => {
      process.seteuid?.(0);
      chmodSync(folder.path("."), 0o755);
    });

    await start(locks);
    await locks.acquireLock("r", { ttl: "1h" });

    expect(locks.hostId).not.toBe(former);
    expect(await other.orphans(10)).toEqual([]);
  });
});
